package dev.striate.backend.cpu.simd;

import java.lang.management.ManagementFactory;
import javax.management.JMException;
import javax.management.ObjectName;
import javax.management.openmbean.CompositeData;
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
        return Holder.KERNELS;
    }

    /** Why there are no vectorized kernels and what to do, or null if there are. */
    public static @Nullable String absence() {
        return Holder.ABSENCE;
    }

    private static final class Holder {

        static final @Nullable SimdKernels KERNELS;
        static final @Nullable String ABSENCE;

        static {
            SimdKernels kernels = null;
            String absence = null;
            if (ModuleLayer.boot().findModule(MODULE).isEmpty()) {
                absence = "start with --add-modules " + MODULE + " for the fast path";
            } else if (!hasFusedMultiplyAdd()) {
                absence = "this processor or JVM has no fused multiply-add";
            } else {
                try {
                    Class<?> type = Class.forName(VectorApi.class.getPackageName() + ".PanamaKernels");
                    kernels = (SimdKernels) type.getDeclaredConstructor().newInstance();
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

        /**
         * Without the instruction, {@code Math.fma} computes in BigDecimal, thousands of times slower. Only HotSpot's own flag
         * tells; a JVM without that flag is taken to have none.
         */
        private static boolean hasFusedMultiplyAdd() {
            try {
                Object option = ManagementFactory.getPlatformMBeanServer().invoke(
                        new ObjectName("com.sun.management:type=HotSpotDiagnostic"),
                        "getVMOption",
                        new Object[] {"UseFMA"},
                        new String[] {String.class.getName()});
                return option instanceof CompositeData data && "true".equals(data.get("value"));
            } catch (JMException | RuntimeException e) {
                return false;
            }
        }
    }
}
