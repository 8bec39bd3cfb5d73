package dev.striate.backend.cpu.simd;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import org.jspecify.annotations.Nullable;

/** Finds out once whether the Vector API can be used here, and hands out the kernels. */
public final class VectorApi {

    private static final String MODULE = "jdk.incubator.vector";
    /** What the scalar loops take for the length of a vector where there is none. */
    private static final int LANES_WITHOUT_VECTORS = 16;

    private VectorApi() {}

    /** The kernels in plain Java, which run everywhere. */
    public static SimdKernels plain() {
        return Plain.KERNELS;
    }

    /** The kernels on the Vector API, or null where {@link #absence} says why not. */
    public static @Nullable SimdKernels vectorized() {
        return isAvailable() ? Vectorized.KERNELS : null;
    }

    /** The same, but each kernel is its scalar twin until C2 has compiled it. */
    public static @Nullable SimdKernels warming() {
        return isAvailable() ? Vectorized.WARMING : null;
    }

    /** Why there are no vectorized kernels and what to do, or null if there are. */
    public static @Nullable String absence() {
        return Probe.ABSENCE;
    }

    static boolean isAvailable() {
        return Probe.ABSENCE == null;
    }

    /** Floats in a vector. */
    static int lanes() {
        return isAvailable() ? Probe.LANES : LANES_WITHOUT_VECTORS;
    }

    static boolean hasFusedMultiplyAdd() {
        return Probe.FUSED;
    }

    private static final class Plain {

        static final SimdKernels KERNELS = new SimdKernels(
                "plain Java",
                false,
                new ScalarElementwiseKernels(),
                new ScalarReductionKernels(),
                new ScalarProductKernels(),
                new ScalarConvKernels(),
                new ScalarDotTiles(),
                new ScalarWinogradKernels());
    }

    private static final class Vectorized {

        static final SimdKernels KERNELS = new SimdKernels(
                "Vector API " + 32 * lanes() + " bit",
                true,
                newInstance(ElementwiseKernels.class),
                newInstance(ReductionKernels.class),
                newInstance(ProductKernels.class),
                newInstance(ConvKernels.class),
                newInstance(DotTiles.class),
                newInstance(WinogradKernels.class));
        static final SimdKernels WARMING = warming(KERNELS, newInstance("VectorProfiles", Runnable.class));

        private static <T> T newInstance(Class<T> family) {
            return newInstance("Vector" + family.getSimpleName(), family);
        }

        /** By name, for without the module the class cannot be linked. */
        private static <T> T newInstance(String name, Class<T> type) {
            try {
                Class<?> found = Class.forName(VectorApi.class.getPackageName() + "." + name);
                return type.cast(found.getDeclaredConstructor().newInstance());
            } catch (ReflectiveOperationException e) {
                throw new LinkageError("the Vector API of this Java does not fit", e);
            }
        }
    }

    /** Kernels that are each the scalar twin until they are warm. */
    static SimdKernels warming(SimdKernels vectorized, Runnable profiles) {
        SimdKernels twins = plain();
        WarmUp warmUp = new WarmUp(vectorized, profiles);
        return new SimdKernels(
                vectorized.description(),
                true,
                new WarmingElementwiseKernels(vectorized.elementwise(), twins.elementwise(), warmUp),
                new WarmingReductionKernels(vectorized.reductions(), twins.reductions(), warmUp),
                new WarmingProductKernels(vectorized.products(), twins.products(), warmUp),
                new WarmingConvKernels(vectorized.convolution(), twins.convolution(), warmUp),
                new WarmingDotTiles(vectorized.dotTiles(), twins.dotTiles(), warmUp),
                new WarmingWinogradKernels(vectorized.winograd(), twins.winograd(), warmUp));
    }

    private static final class Probe {

        static final boolean FUSED = isFused();
        static final int LANES;
        static final @Nullable String ABSENCE;

        static {
            int lanes = 0;
            String absence = null;
            try {
                lanes = preferredLanes();
            } catch (ClassNotFoundException e) {
                absence = "start with --add-modules " + MODULE + " for the fast path";
            } catch (ReflectiveOperationException | LinkageError e) {
                absence = "the Vector API of this Java does not fit: " + e;
            }
            if (absence == null && !FUSED) {
                absence = "this processor or JVM has no fused multiply-add";
            } else if (absence == null && lanes < 4) {
                // Narrower than 128 bit means that the JVM has no vectors at all and would emulate them.
                absence = "this JVM has no vector registers of 128 bit or more";
            }
            LANES = lanes;
            ABSENCE = absence;
        }

        /** Asks for a class, not for a module of the boot layer: the command line loads the module later. */
        private static int preferredLanes() throws ReflectiveOperationException {
            Object species = Class.forName(MODULE + ".FloatVector", true, VectorApi.class.getClassLoader())
                    .getField("SPECIES_PREFERRED")
                    .get(null);
            return (int)
                    Class.forName(MODULE + ".VectorSpecies").getMethod("length").invoke(species);
        }

        /** Only HotSpot's own flag tells; a JVM without that flag is taken to have no fused multiply-add. */
        private static boolean isFused() {
            try {
                HotSpotDiagnosticMXBean options = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
                return options != null
                        && "true".equals(options.getVMOption("UseFMA").getValue());
            } catch (LinkageError | RuntimeException e) {
                return false;
            }
        }
    }
}
