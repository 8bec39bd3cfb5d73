package dev.striate.bench.gpu;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.io.PrintWriter;
import java.util.List;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/**
 * Holds the OpenCL device against the reference: the tests themselves, without Maven. The properties that the tests
 * know choose among cases and devices ({@code -Dstriate.test.devices='opencl, TILED'}). The exit status is 0 if all
 * pass, some there were.
 */
public final class Parity {

    private static final List<String> TESTS =
            List.of("dev.striate.op.OpCasesTest", "dev.striate.backend.opencl.OpenClKernelsTest");
    private static final int SHOWN_FAILURES = 20;

    private Parity() {}

    public static void main(String[] args) {
        System.setProperty("striate.test.requireOpenCl", "true");
        LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
                .selectors(TESTS.stream().map(name -> selectClass(name)).toList())
                .build();
        SummaryGeneratingListener listener = new SummaryGeneratingListener();
        LauncherFactory.create().execute(request, listener);
        TestExecutionSummary summary = listener.getSummary();
        summary.printFailuresTo(new PrintWriter(System.err), SHOWN_FAILURES);
        System.out.printf(
                "parity: %d passed, %d failed, %d skipped%n",
                summary.getTestsSucceededCount(),
                summary.getTotalFailureCount(),
                summary.getTestsSkippedCount() + summary.getTestsAbortedCount());
        System.exit(summary.getTestsSucceededCount() > 0 && summary.getTotalFailureCount() == 0 ? 0 : 1);
    }
}
