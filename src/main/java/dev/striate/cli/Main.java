package dev.striate.cli;

import dev.striate.StriateException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.OptionalInt;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;

/**
 * The program {@code striate}. Exit status: 0 when done, 1 for a failure, 2 for a command line that makes no sense. An error is
 * one paragraph on the error stream; {@code --verbose} adds the stack trace.
 */
@Command(
        name = "striate",
        description = {
            "Trains convolutional networks on the CPU or on an OpenCL device.",
            "",
            "Start with 'striate digits': it trains on handwritten digits that come with the program, in a few seconds."
        },
        synopsisSubcommandLabel = "COMMAND",
        commandListHeading = "%nCommands:%n",
        optionListHeading = "%nOptions:%n",
        footer = {"", "'striate COMMAND --help' tells a command's options."},
        versionProvider = Main.Version.class,
        subcommands = {
            DigitsCommand.class, LeNetCommand.class, Cifar10Command.class, EvaluateCommand.class, PredictCommand.class,
            InspectCommand.class, DevicesCommand.class, TuneCommand.class
        })
public final class Main {

    /** Picocli takes no less. */
    private static final int LEAST_HELP_WIDTH = 55;

    @Option(names = {"-h", "--help"}, usageHelp = true, scope = ScopeType.INHERIT, description = "Shows this help.")
    private boolean help;

    @Option(names = {"-V", "--version"}, versionHelp = true, description = "Shows the version.")
    private boolean version;

    @Option(names = "--verbose", scope = ScopeType.INHERIT, description = "Logs more, and shows the stack trace of an error.")
    private boolean verbose;

    private Main() {}

    public static void main(String[] args) {
        // Pictures are drawn into files: no screen is asked for, not even one that DISPLAY names.
        System.setProperty("java.awt.headless", "true");
        System.exit(run(args));
    }

    private static int run(String[] args) {
        Main main = new Main();
        CommandLine line = new CommandLine(main)
                .setUsageHelpWidth(Math.max(LEAST_HELP_WIDTH, Math.min(Terminal.columns(), 100)))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setParameterExceptionHandler((error, arguments) -> usageError(error))
                .setExecutionExceptionHandler((error, command, parsed) -> failure(error, main.verbose));
        line.setExecutionStrategy(parsed -> main.execute(parsed, args));
        try {
            return line.execute(args);
        } catch (OutOfMemoryError | LinkageError e) {
            return failure(e, main.verbose);
        }
    }

    private int execute(ParseResult parsed, String[] args) {
        Integer helpShown = CommandLine.executeHelpRequest(parsed);
        if (helpShown != null) {
            return helpShown;
        }
        if (!parsed.hasSubcommand()) {
            CommandLine line = parsed.commandSpec().commandLine();
            throw new ParameterException(line, "expected a command: " + String.join(", ", line.getSubcommands().keySet()));
        }
        Logs.install(verbose);
        OptionalInt status = VectorApiRestart.run(args);
        if (status.isPresent()) {
            return status.getAsInt();
        }
        return new CommandLine.RunLast().execute(parsed);
    }

    private static int usageError(ParameterException error) {
        CommandLine command = error.getCommandLine();
        String name = command.getCommandSpec().qualifiedName();
        PrintWriter err = command.getErr();
        err.println(name + ": " + error.getMessage());
        CommandLine.UnmatchedArgumentException.printSuggestions(error, err);
        err.println("Try '" + name + " --help'.");
        return CommandLine.ExitCode.USAGE;
    }

    private static int failure(Throwable error, boolean verbose) {
        System.err.println("striate: " + explain(error));
        if (verbose) {
            error.printStackTrace();
        }
        return CommandLine.ExitCode.SOFTWARE;
    }

    private static String explain(Throwable error) {
        if (error instanceof StriateException) {
            return error.getMessage();
        }
        if (error instanceof UncheckedIOException) {
            return error.getCause().toString();
        }
        if (error instanceof OutOfMemoryError) {
            return "the Java heap is full (" + error.getMessage() + "). Use a smaller --batch-size, or a larger heap:"
                    + " JDK_JAVA_OPTIONS=-Xmx4g ./striate ...";
        }
        return "this should not happen: " + error + ". --verbose shows where.";
    }

    /** The version that the jar's manifest names. */
    static final class Version implements CommandLine.IVersionProvider {

        @Override
        public String[] getVersion() {
            String version = Main.class.getPackage().getImplementationVersion();
            return new String[] {
                "striate " + (version == null ? "(not from the jar)" : version),
                "Java " + System.getProperty("java.version") + ", " + System.getProperty("java.vm.name")
            };
        }
    }
}
