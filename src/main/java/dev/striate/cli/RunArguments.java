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
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/**
 * What determines a run, as the free text of its checkpoints.
 *
 * @param command the command's name
 * @param values  its arguments
 */
record RunArguments(String command, List<String> values) {

    private static final String COMMAND = "run.command";
    private static final String ARGUMENTS = "run.arguments";

    /** What may be given along with {@code --resume}: it changes no result. */
    private static final Set<String> FREE =
            Set.of("--resume", "--out", "--data", "--offline", "--device", "--threads", "--verbose");

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
     * Reads what {@link #toMetadata} wrote.
     *
     * @param file for errors
     * @throws StriateException if it is not there or makes no sense
     */
    static RunArguments of(Path file, Map<String, String> metadata) {
        String command = metadata.get(COMMAND);
        String text = metadata.get(ARGUMENTS);
        if (command == null || text == null) {
            throw new StriateException(file + " does not say what command wrote it: it is no run of this program's");
        }
        List<String> values = new ArrayList<>();
        try (JsonParser json = JSON.createParser(text)) {
            boolean array = json.nextToken() == JsonToken.START_ARRAY;
            while (array && json.nextToken() == JsonToken.VALUE_STRING) {
                values.add(json.getText());
            }
            if (json.currentToken() != JsonToken.END_ARRAY) {
                throw new StriateException(file + ": the run's arguments are no list of texts: " + text);
            }
        } catch (IOException e) {
            throw new StriateException(file + ": the run's arguments cannot be read: " + e.getMessage(), e);
        }
        return new RunArguments(command, values);
    }

    /**
     * Refuses options beside {@code --resume} that would change the run.
     *
     * @throws ParameterException if there are any
     */
    static void refuseChanges(CommandSpec spec, Path file) {
        for (OptionSpec option : spec.commandLine().getParseResult().matchedOptions()) {
            if (!FREE.contains(option.longestName())) {
                throw new ParameterException(spec.commandLine(), option.longestName()
                        + " cannot be given along with --resume: what is trained, and how, is in " + file);
            }
        }
    }
}
