package dev.striate.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.Shape;
import dev.striate.Tensor;
import dev.striate.data.TinyDigits;
import dev.striate.io.Image;
import dev.striate.models.ModelDescription;
import dev.striate.models.NetworkBuilder;
import dev.striate.models.NetworkCatalog;
import dev.striate.nn.Block;
import dev.striate.nn.Conv2d;
import dev.striate.nn.Linear;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands on a network that a user's jar registers. */
class OwnNetworkIT {

    @TempDir
    static Path directory;

    private static Path model;
    private static Path modelWithoutData;
    private static Path picture;
    private static String classpath;

    /** A network that only this test's classes know. */
    public static final class Net extends Block {

        private final Conv2d conv = addChild("conv", new Conv2d(1, 4, 3));
        private final Linear head;

        Net(int classes) {
            head = addChild("head", new Linear(4, classes));
        }

        @Override
        protected Tensor compute(Tensor x) {
            return head.forward(conv.forward(x).relu().globalAvgPool2d().flatten(1));
        }
    }

    /** Registered by the file that {@link #save} writes. */
    public static final class Catalog implements NetworkCatalog {

        @Override
        public List<NetworkBuilder> builders() {
            return List.of(NetworkBuilder.ofClasses("it-net", Shape.of(1, 8, 8), Net::new));
        }
    }

    @BeforeAll
    static void save() throws Exception {
        Path services = directory.resolve("registered/META-INF/services");
        Files.createDirectories(services);
        Files.writeString(services.resolve(NetworkCatalog.class.getName()), Catalog.class.getName());
        classpath = directory.resolve("registered")
                + File.pathSeparator
                + Path.of("target/test-classes").toAbsolutePath();
        model = directory.resolve("model.safetensors");
        modelWithoutData = directory.resolve("without-data.safetensors");
        picture = directory.resolve("picture.png");
        new Image(new byte[64], Shape.of(1, 8, 8)).write(picture);
        NetworkBuilder builder = new Catalog().builders().get(0);
        try (Block net = builder.build(10).initialize(Device.cpu(), new Generator(1))) {
            ModelDescription description =
                    ModelDescription.of(builder, TinyDigits.test().classNames());
            description.withDataset("digits").save(net, model);
            description.save(net, modelWithoutData);
        }
    }

    @Test
    void isEvaluated() throws Exception {
        StriateProcess run =
                StriateProcess.run("evaluate", "--device=cpu", "--classpath=" + classpath, model.toString());
        assertEquals(0, run.status(), run.err());
        assertTrue(run.out().startsWith("it-net on 200 test images of 8x8 digits"), run.out());
    }

    @Test
    void isFoundThroughTheEnvironment() throws Exception {
        StriateProcess run = StriateProcess.run(
                List.of(),
                Map.of("STRIATE_CLASSPATH", classpath),
                "predict",
                "--device=cpu",
                model.toString(),
                picture.toString());
        assertEquals(0, run.status(), run.err());
        assertTrue(run.out().startsWith(picture + ": "), run.out());
    }

    /** Its receptive fields are unknown, because the network has no shape rule. */
    @Test
    void isInspected() throws Exception {
        for (Path file : List.of(model, modelWithoutData)) {
            StriateProcess run = StriateProcess.run(
                    "--classpath=" + classpath,
                    "inspect",
                    "--device=cpu",
                    "--image=" + picture,
                    "--out=" + directory.resolve("pictures"),
                    file.toString());
            assertEquals(0, run.status(), run.err());
            assertTrue(run.out().contains("Conv2d(1, 4, 3x3)  (1, 4, 6, 6)"), run.out());
            assertTrue(run.out().contains("\nno patches.png: the receptive field of conv is unknown\n"), run.out());
            assertTrue(run.out().contains("wrote filters.png, features.png to "), run.out());
        }
    }

    @Test
    void isNamedWhereItIsMissing() throws Exception {
        StriateProcess run = StriateProcess.run("predict", "--device=cpu", model.toString(), picture.toString());
        assertEquals(1, run.status());
        assertTrue(run.err().contains("there is no network \"it-net\""), run.err());
        run = StriateProcess.run("predict", "--classpath=no.jar", model.toString(), picture.toString());
        assertEquals(1, run.status());
        assertEquals("striate: --classpath: there is no file or folder \"no.jar\"\n", run.err());
    }

    /** The C locale cannot encode this name. The shell passes its bytes. */
    @Test
    void aClassPathThatIsNoNameOfAFileIsReported() throws Exception {
        List<String> command =
                new ArrayList<>(List.of("sh", "-c", "STRIATE_CLASSPATH=$(printf '\\303\\266.jar') exec \"$@\"", "sh"));
        command.addAll(StriateProcess.java(List.of(), "predict", model.toString(), picture.toString()));
        StriateProcess run = StriateProcess.run(Path.of(""), Map.of("LC_ALL", "C"), command);
        assertEquals(1, run.status());
        assertTrue(run.err().startsWith("striate: '"), run.err());
        assertTrue(run.err().contains("cannot be a file name here"), run.err());
    }
}
