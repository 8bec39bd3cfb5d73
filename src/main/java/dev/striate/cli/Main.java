package dev.striate.cli;

import dev.striate.StriateException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.UsageMessageSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The program {@code striate}. An error is one paragraph on the error stream; {@code --verbose} adds the stack trace.
 */
@Command(
        name = "striate",
        description = {
            "Train convolutional networks on the CPU or on an OpenCL device.",
            "",
            "Start with 'striate digits': it trains two small networks on bundled handwritten digits in a few seconds."
        },
        synopsisSubcommandLabel = "COMMAND",
        commandListHeading = "%nCommands:%n",
        optionListHeading = "%nOptions:%n",
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {
            "0:success",
            "1:failure; the error is on the error stream",
            "2:invalid command line, or no command",
            "130:training interrupted by Ctrl-C, SIGTERM or SIGHUP; it can be resumed if a checkpoint was written",
            "141:standard output was closed (broken pipe)"
        },
        footerHeading = "%nEnvironment:%n",
        footer = {
            "  STRIATE_CACHE      directory for downloaded data sets, compiled kernels, tuning results and a native library"
                    + " (default: the user's cache directory)",
            "  STRIATE_CLASSPATH  default of --classpath",
            "  JDK_JAVA_OPTIONS   options for the JVM, such as -Xmx4g",
            "",
            "Run 'striate COMMAND --help' or 'striate help COMMAND' for the options of a command."
        },
        versionProvider = Main.Version.class,
        subcommands = {
            DigitsCommand.class,
            LeNetCommand.class,
            Cifar10Command.class,
            EvaluateCommand.class,
            PredictCommand.class,
            InspectCommand.class,
            DevicesCommand.class,
            TuneCommand.class
        })
public final class Main {

    /** The minimum that picocli accepts. */
    private static final int LEAST_HELP_WIDTH = 55;

    /** The number of first letters that a suggested command has in common with the unknown one. */
    private static final int NEAR = 3;

    /** The start of an indented paragraph, such as {@code "  modern: "}. Its other lines are indented by this length. */
    private static final Pattern ITEM = Pattern.compile(" +\\w+(: |  +)");

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            scope = ScopeType.INHERIT,
            description = "Show this help and exit.")
    @SuppressWarnings("UnusedVariable") // picocli needs a place for the option, and prints the help itself.
    private boolean help;

    @Option(
            names = {"-V", "--version"},
            versionHelp = true,
            description = "Print the version and exit.")
    @SuppressWarnings("UnusedVariable") // As above.
    private boolean version;

    @Option(
            names = "--verbose",
            scope = ScopeType.INHERIT,
            description = "Log more, and print the stack trace of an error.")
    private boolean verbose;

    @Option(
            names = "--classpath",
            paramLabel = "JARS",
            scope = ScopeType.INHERIT,
            description = "Jars or folders of classes with networks of your own, separated like Java's class path"
                    + " (default: $STRIATE_CLASSPATH).")
    private @Nullable String classpath;

    private Main() {}

    public static void main(String[] args) {
        // Pictures are drawn into files, so no display is needed, even if DISPLAY is set.
        System.setProperty("java.awt.headless", "true");
        StandardStream out = StandardStream.install();
        int status = run(args);
        IOException failure = out.failure();
        if (failure != null && status == CommandLine.ExitCode.OK) {
            System.err.println("striate: cannot write to standard output: " + failure.getMessage());
            status = CommandLine.ExitCode.SOFTWARE;
        }
        System.exit(status);
    }

    private static int run(String[] args) {
        Main main = new Main();
        CommandLine line = new CommandLine(main)
                .setUsageHelpWidth(Math.max(LEAST_HELP_WIDTH, Math.min(Terminal.columns(), 100)))
                .setParameterExceptionHandler((error, arguments) -> usageError(error))
                .setExecutionExceptionHandler((error, command, parsed) -> failure(error, main.verbose));
        line.setExecutionStrategy(main::execute);
        line.getHelpSectionMap()
                .put(
                        UsageMessageSpec.SECTION_KEY_DESCRIPTION,
                        help -> wrap(help, help.commandSpec().usageMessage().description()));
        line.getHelpSectionMap()
                .put(
                        UsageMessageSpec.SECTION_KEY_FOOTER,
                        help -> wrap(help, help.commandSpec().usageMessage().footer()));
        line.setHelpSectionMap(line.getHelpSectionMap());
        try {
            return configure(line).execute(withoutHelpCommand(args));
        } catch (Error e) {
            return failure(e, main.verbose);
        }
    }

    /** Turns {@code help} and {@code help COMMAND} into {@code --help} and {@code COMMAND --help}. */
    private static String[] withoutHelpCommand(String[] args) {
        if (args.length == 0 || !args[0].equals("help")) {
            return args;
        }
        List<String> same = new ArrayList<>(List.of(args));
        same.removeAll(List.of("help", "-h", "--help"));
        same.add("--help");
        return same.toArray(String[]::new);
    }

    /** Wraps paragraphs of the help. Picocli would not indent the second line of one that is an {@link #ITEM}. */
    private static String wrap(CommandLine.Help help, String... paragraphTexts) {
        StringBuilder text = new StringBuilder();
        Paragraphs paragraphs = new Paragraphs(
                line -> text.append(line).append(System.lineSeparator()),
                help.commandSpec().usageMessage().width() + 1);
        for (String paragraph : paragraphTexts) {
            Matcher item = ITEM.matcher(paragraph);
            paragraphs.print(
                    item.lookingAt() ? item.group() : "", paragraph.substring(item.lookingAt() ? item.end() : 0));
        }
        return text.toString();
    }

    /** Configures a parser, for the user's command line or for the arguments in a checkpoint. */
    static CommandLine configure(CommandLine line) {
        registerEnums(line);
        return line
                // @x.png is the name of a picture, and arguments in a checkpoint must not make picocli read other
                // files.
                .setExpandAtFiles(false)
                .registerConverter(Path.class, Main::path);
    }

    /** Replaces picocli's conversion of enums, whose errors list Java's names next to those of the help. */
    private static void registerEnums(CommandLine line) {
        line.getCommandSpec().options().stream()
                .map(OptionSpec::type)
                .filter(Class::isEnum)
                .forEach(type -> registerEnum(line, type));
        line.getSubcommands().values().forEach(Main::registerEnums);
    }

    private static <E> void registerEnum(CommandLine line, Class<E> type) {
        List<E> constants = List.of(type.getEnumConstants());
        line.registerConverter(
                type,
                value -> constants.stream()
                        .filter(each -> each.toString().equalsIgnoreCase(value.replace('_', '-')))
                        .findFirst()
                        .orElseThrow(() -> new TypeConversionException(
                                "expected " + alternatives(constants) + ", got '" + value + "'")));
    }

    /** {@code test, train or both}. */
    static String alternatives(List<?> values) {
        List<String> names = values.stream().map(Object::toString).toList();
        int last = names.size() - 1;
        return last == 0 ? names.get(0) : String.join(", ", names.subList(0, last)) + " or " + names.get(last);
    }

    private static Path path(String value) {
        if (value.isEmpty()) {
            // As of a shell variable that is not set. It would be the current directory.
            throw new TypeConversionException("expected a path, got an empty text");
        }
        try {
            return Path.of(value);
        } catch (InvalidPathException e) {
            throw new TypeConversionException(explain(e));
        }
    }

    private int execute(ParseResult parsed) {
        CommandLine line = parsed.commandSpec().commandLine();
        if (!parsed.hasSubcommand() && !parsed.unmatched().isEmpty()) {
            // Picocli ignores an unknown command that comes with --help.
            throw new UnmatchedArgumentException(line, parsed.unmatched());
        }
        try {
            Integer helpShown = CommandLine.executeHelpRequest(parsed);
            if (helpShown != null) {
                return helpShown;
            }
        } catch (StandardStream.ClosedPipeException e) {
            // Outside of a command, picocli would print its stack trace.
            return StandardStream.ClosedPipeException.STATUS;
        }
        if (!parsed.hasSubcommand()) {
            line.usage(System.err);
            return CommandLine.ExitCode.USAGE;
        }
        Logs.install(verbose);
        VectorModule.load();
        try {
            UserClasses.load(classpath == null ? System.getenv("STRIATE_CLASSPATH") : classpath);
        } catch (StriateException | InvalidPathException e) {
            return failure(e, verbose);
        }
        return new CommandLine.RunLast().execute(parsed);
    }

    private static int usageError(ParameterException error) {
        CommandLine command = error.getCommandLine();
        String name = command.getCommandSpec().qualifiedName();
        String message = error.getMessage();
        if (error instanceof UnmatchedArgumentException unmatched) {
            message = unmatched.isUnknownOption()
                    ? unknownOption(unmatched)
                    : command.getParent() == null
                            ? unknownCommand(unmatched)
                            : "unexpected argument '" + unmatched.getUnmatched().get(0) + "'";
        }
        System.err.println(Logs.message(name + ": " + message));
        System.err.println("Try '" + name + " --help'.");
        return CommandLine.ExitCode.USAGE;
    }

    private static String unknownCommand(UnmatchedArgumentException error) {
        String given = error.getUnmatched().get(0);
        // Picocli always suggests some command.
        List<String> near = error.getSuggestions().stream()
                .filter(name -> name.regionMatches(true, 0, given, 0, NEAR))
                .toList();
        return "unknown command '" + given + "'; " + commands(error.getCommandLine()) + didYouMean(near);
    }

    private static String commands(CommandLine line) {
        return "the commands are " + String.join(", ", line.getSubcommands().keySet());
    }

    /** Names the option without its value, and without the arguments after it. */
    private static String unknownOption(UnmatchedArgumentException error) {
        String option = error.getUnmatched().get(0).replaceFirst("(?s)=.*", "");
        return "unknown option '" + option + "'" + didYouMean(error.getSuggestions());
    }

    private static String didYouMean(List<String> near) {
        return near.isEmpty() ? "" : ". Did you mean " + alternatives(near) + "?";
    }

    private static int failure(Throwable error, boolean verbose) {
        if (error instanceof StandardStream.ClosedPipeException) {
            return StandardStream.ClosedPipeException.STATUS;
        }
        System.err.println(Logs.message("striate: " + explain(error)));
        if (verbose) {
            error.printStackTrace();
        }
        return CommandLine.ExitCode.SOFTWARE;
    }

    private static String explain(Throwable error) {
        if (error instanceof StriateException) {
            return String.valueOf(error.getMessage());
        }
        if (error instanceof UncheckedIOException) {
            return String.valueOf(error.getCause());
        }
        if (error instanceof InvalidPathException invalid) {
            return "'" + invalid.getInput() + "' cannot be a file name here (" + invalid.getReason()
                    + "): this locale encodes names as " + System.getProperty("sun.jnu.encoding")
                    + ". Set LC_ALL=C.UTF-8 if the name is not ASCII";
        }
        if (error instanceof OutOfMemoryError) {
            return "the Java heap is full (" + error.getMessage() + "). Use a smaller --batch-size, or a larger heap:"
                    + " JDK_JAVA_OPTIONS=-Xmx4g ./striate ...";
        }
        return "internal error: " + error + "; run again with --verbose for the stack trace, and please report it";
    }

    /** The version in the jar's manifest. */
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
