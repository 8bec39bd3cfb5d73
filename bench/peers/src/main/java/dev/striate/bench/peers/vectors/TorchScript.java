package dev.striate.bench.peers.vectors;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Evaluates expressions in TorchScript on libtorch: DJL has calls for few of its operations, but loads modules, and a
 * module holds its code as source.
 */
final class TorchScript {

    /** The outputs, the gradient put on the first of them, and the gradients by input. */
    record Results(List<double[]> outputs, List<long[]> shapes, float[] upstream, Map<String, double[]> gradients) {}

    private static final boolean TRAINING = true;

    private TorchScript() {}

    /** Evaluates a case with its inputs in float32 or float64. */
    static Results run(VectorCase c, DataType type) {
        Engine engine = Engine.getEngine("PyTorch");
        JniUtils.setGradMode(true);
        try (PtNDManager manager = (PtNDManager) engine.newBaseManager(Device.cpu())) {
            NDList inputs = new NDList();
            for (VectorCase.Input input : c.inputs()) {
                Shape shape = new Shape(input.shape());
                NDArray array = input.integers() == null
                        ? manager.create(input.floats(), shape).toType(type, false)
                        : manager.create(input.integers(), shape).toType(DataType.INT64, false);
                array.setRequiresGradient(input.differentiable());
                inputs.add(array);
            }
            NDList outputs;
            // Loaded for each run: from the second one on, libtorch may differentiate the script instead of recording
            // it.
            try (PtSymbolBlock module =
                    JniUtils.loadModule(manager, new ByteArrayInputStream(archive(source(c))), false, false)) {
                outputs = IValueUtils.forward(module, inputs, TRAINING);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            NDArray first = outputs.get(0);
            float[] upstream = c.upstream(Math.toIntExact(first.size()));
            Map<String, double[]> gradients = new LinkedHashMap<>();
            if (c.inputs().stream().anyMatch(VectorCase.Input::differentiable)) {
                NDArray gradient = manager.create(upstream, first.getShape()).toType(type, false);
                JniUtils.backward((PtNDArray) first, (PtNDArray) gradient, false, false);
                for (int i = 0; i < inputs.size(); i++) {
                    if (c.inputs().get(i).differentiable()) {
                        gradients.put(
                                c.inputs().get(i).name(), doubles(inputs.get(i).getGradient()));
                    }
                }
            }
            return new Results(
                    outputs.stream().map(TorchScript::doubles).toList(),
                    outputs.stream().map(output -> output.getShape().getShape()).toList(),
                    upstream,
                    gradients);
        }
    }

    private static double[] doubles(NDArray array) {
        return array.toType(DataType.FLOAT64, false).toDoubleArray();
    }

    private static String source(VectorCase c) {
        String parameters =
                c.inputs().stream().map(input -> input.name() + ": Tensor").collect(Collectors.joining(", "));
        return """
                class Case(Module):
                  __parameters__ = []
                  __buffers__ = []
                  def forward(self: __torch__.Case, %s) -> List[Tensor]:
                    return %s
                """.formatted(parameters, c.script());
    }

    /** A module without parameters, as torch.jit.save writes it: a ZIP archive that is not compressed. */
    private static byte[] archive(String source) throws IOException {
        // Pickle: protocol 2, the class, an empty tuple, NEWOBJ, an empty dictionary as state, BUILD, STOP.
        byte[] module = "\u0080\u0002c__torch__\nCase\n)\u0081}b.".getBytes(StandardCharsets.ISO_8859_1);
        byte[] noConstants = "\u0080\u0002).".getBytes(StandardCharsets.ISO_8859_1);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            put(zip, "version", "3\n".getBytes(StandardCharsets.US_ASCII));
            put(zip, "data.pkl", module);
            put(zip, "constants.pkl", noConstants);
            put(zip, "code/__torch__.py", source.getBytes(StandardCharsets.US_ASCII));
        }
        return bytes.toByteArray();
    }

    private static void put(ZipOutputStream zip, String name, byte[] content) throws IOException {
        CRC32 sum = new CRC32();
        sum.update(content);
        ZipEntry entry = new ZipEntry("case/" + name);
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(content.length);
        entry.setCrc(sum.getValue());
        zip.putNextEntry(entry);
        zip.write(content);
        zip.closeEntry();
    }
}
