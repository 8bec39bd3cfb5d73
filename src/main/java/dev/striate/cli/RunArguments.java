package dev.striate.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.striate.StriateException;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/**
 * The arguments that determine the result of a run, as metadata of its checkpoints.
 *
 * @param command the command's name
 * @param values  its arguments
 */
record RunArguments(String command, List<String> values) {

    private static final String COMMAND = "run.command";
    private static final String ARGUMENTS = "run.arguments";

    /**
     * The options that do not affect the result. They may be combined with {@code --resume}, and are not in a
     * checkpoint.
     */
    private static final Set<String> FREE = Set.of(
            "--resume",
            "--out",
            "--overwrite",
            "--data",
            "--offline",
            "--max-pixels",
            "--device",
            "--threads",
            "--classpath",
            "--verbose");

    /** The number of epochs of a run can be changed. */
    private static final String EPOCHS = "--epochs";

    /** Runs of versions without this option validated on the test set. */
    private static final String VALIDATION = "--validation=";

    private static final JsonFactory JSON = new JsonFactory();

    RunArguments {
        values = List.copyOf(values);
    }

    Map<String, String> toMetadata() {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(text)) {
            json.writeArray(values.toArray(String[]::new), 0, values.size());
        } catch (IOException e) {
            throw new AssertionError("memory cannot fail to be written", e);
        }
        return Map.of(COMMAND, command, ARGUMENTS, text.toString());
    }

    /**
     * Reads the arguments that {@link #toMetadata} wrote.
     *
     * @param file for errors
     * @throws StriateException if it is missing or invalid
     */
    static RunArguments of(Path file, Map<String, String> metadata) {
        String command = metadata.get(COMMAND);
        String text = metadata.get(ARGUMENTS);
        if (command == null || text == null) {
            throw new StriateException(file + " cannot be resumed on the command line, because no command of"
                    + " striate wrote it. The program that did continues with"
                    + " trainer.resume(Checkpoint.read(path))");
        }
        List<String> values = new ArrayList<>();
        try (JsonParser json = JSON.createParser(text)) {
            boolean array = json.nextToken() == JsonToken.START_ARRAY;
            while (array && json.nextToken() == JsonToken.VALUE_STRING) {
                values.add(json.getText());
            }
            if (json.currentToken() != JsonToken.END_ARRAY) {
                throw new StriateException(file + ": the run's arguments are not a list of strings: " + text);
            }
        } catch (IOException e) {
            throw new StriateException(file + ": cannot read the run's arguments: " + e.getMessage(), e);
        }
        if (values.stream().noneMatch(value -> value.startsWith(VALIDATION))) {
            values.add(VALIDATION + Validation.ON_TEST);
        }
        return new RunArguments(command, values);
    }

    /**
     * Sets the options of a new command from these arguments.
     *
     * @param file for errors
     * @throws StriateException if {@link #toMetadata} cannot have written these arguments
     */
    void parseInto(Object newCommand, Path file) {
        try {
            ParseResult parsed = Main.configure(new CommandLine(newCommand)).parseArgs(values.toArray(String[]::new));
            for (OptionSpec option : parsed.matchedOptions()) {
                if (FREE.contains(option.longestName())) {
                    throw new StriateException(
                            file + ": unexpected " + option.longestName() + " in the run's arguments");
                }
            }
        } catch (ParameterException e) {
            throw new StriateException(file + ": cannot read the run's arguments " + values + ": " + e.getMessage(), e);
        }
    }

    /**
     * Rejects options that cannot be combined with {@code --resume}, because they would change the part of the run that
     * is done.
     *
     * @throws ParameterException if there are such options
     */
    static void refuseChanges(CommandSpec spec, Path file) {
        for (OptionSpec option : spec.commandLine().getParseResult().matchedOptions()) {
            if (!FREE.contains(option.longestName()) && !option.longestName().equals(EPOCHS)) {
                throw new ParameterException(
                        spec.commandLine(),
                        option.longestName() + " cannot be combined with --resume; the value is read from " + file
                                + ". Remove the option");
            }
        }
    }
}
