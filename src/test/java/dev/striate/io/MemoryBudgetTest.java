package dev.striate.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

class MemoryBudgetTest {

    private final MemoryBudget budget = new MemoryBudget(100 << 10);

    @Test
    void aShareIsTakenWhenItIsFree() throws Exception {
        MemoryBudget.Share first = budget.take(60 << 10);
        budget.take(30 << 10).close();
        CompletableFuture<String> second = CompletableFuture.supplyAsync(() -> {
            try (MemoryBudget.Share share = budget.take(50 << 10)) {
                return "taken";
            }
        });
        assertThrows(TimeoutException.class, () -> second.get(50, TimeUnit.MILLISECONDS));
        first.close();
        assertEquals("taken", second.get(10, TimeUnit.SECONDS));
    }

    @Test
    void aShareLargerThanTheBudgetIsAllOfIt() {
        assertTimeoutPreemptively(Duration.ofSeconds(10), () -> {
            budget.take(Long.MAX_VALUE).close();
            budget.take(100 << 10).close();
        });
    }
}
