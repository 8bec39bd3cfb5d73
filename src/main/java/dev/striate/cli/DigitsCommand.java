package dev.striate.cli;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
@Command(name = "digits")
final class DigitsCommand implements Callable<Integer> {
    @Override
    public Integer call() { return 0; }
}
