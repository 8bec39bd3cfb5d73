package dev.striate.backend.cpu.simd;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import org.jspecify.annotations.Nullable;

/** Finds out once whether the Vector API can be used here, and hands out the kernels. */
public final class VectorApi {

    private static final String MODULE = "jdk.incubator.vector";
    private static final SimdKernels PLAIN = new PlainKernels();

    private VectorApi() {}

    /** The kernels in plain Java, which run everywhere. */
    public static SimdKernels plain() {
        return PLAIN;
    }

    /** The kernels on the Vector API, or null where {@link #absence} says why not. */
    public static @Nullable SimdKernels vectorized() {
        return Holder.KERNELS == null ? null : Holder.KERNELS.vectorized();
    }

    /**
     * The same, but each preceded by a scalar loop of the same bits until C2 has compiled it, which the first call of
     * this method sets going in the background.
     */
    public static @Nullable SimdKernels warming() {
        if (Holder.KERNELS != null) {
            Holder.KERNELS.warmUp();
        }
        return Holder.KERNELS;
    }

    /** Why there are no vectorized kernels and what to do, or null if there are. */
    public static @Nullable String absence() {
        return Holder.ABSENCE;
    }

    private static final class Holder {

        static final @Nullable WarmingKernels KERNELS;
        static final @Nullable String ABSENCE;

        static {
            WarmingKernels kernels = null;
            String absence = null;
            if (!isPresent()) {
                absence = "start with --add-modules " + MODULE + " for the fast path";
            } else if (!hasFusedMultiplyAdd()) {
                absence = "this processor or JVM has no fused multiply-add";
            } else {
                try {
                    kernels = new WarmingKernels(newPanamaKernels());
                } catch (ReflectiveOperationException | LinkageError e) {
                    absence = "the Vector API of this Java does not fit: " + e;
                }
                // Narrower than 128 bit means that the JVM has no vectors at all and would emulate them.
                if (kernels != null && kernels.tileColumns() < 8) {
                    kernels = null;
                    absence = "this JVM has no vector registers of 128 bit or more";
                }
            }
            KERNELS = kernels;
            ABSENCE = absence;
        }

        /** Asks for a class, not for a module of the boot layer: the command line loads the module later. */
        private static boolean isPresent() {
            try {
                Class.forName(MODULE + ".FloatVector", false, VectorApi.class.getClassLoader());
                return true;
            } catch (ClassNotFoundException e) {
                return false;
            }
        }

        /** By name, for without the module the class cannot be linked. */
        private static SimdKernels newPanamaKernels() throws ReflectiveOperationException {
            Class<?> type = Class.forName(VectorApi.class.getPackageName() + ".PanamaKernels");
            return (SimdKernels) type.getDeclaredConstructor().newInstance();
        }

        /**
         * Without the instruction, {@code Math.fma} computes in BigDecimal, thousands of times slower. Only HotSpot's
         * own flag tells; a JVM without that flag is taken to have none.
         */
        private static boolean hasFusedMultiplyAdd() {
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
