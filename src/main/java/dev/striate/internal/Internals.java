package dev.striate.internal;

import dev.striate.Device;
import dev.striate.DeviceException;
import dev.striate.IntTensor;
import dev.striate.Scope;
import dev.striate.ScopedResource;
import dev.striate.Shape;
import dev.striate.StriateException;
import dev.striate.Tensor;
import dev.striate.autograd.Gradient;
import dev.striate.backend.Backend;
import dev.striate.backend.BackendProvider;
import dev.striate.backend.Buffer;
import dev.striate.backend.IdleKernels;
import dev.striate.backend.IndexBuffer;
import dev.striate.backend.KernelSet;
import java.lang.invoke.MethodHandles;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The way from the public classes to what is behind them: a tensor's memory and gradient, a device's kernels. Operations,
 * the graph, layers and optimisers use it; programs do not, because the package is not exported.
 */
public final class Internals {

    private static @Nullable Access access;

    private Internals() {}

    /** Implemented in the package of the public classes, which sees their private parts. */
    public interface Access {

        Storage storage(Tensor tensor);

        Gradient gradient(Tensor tensor);

        Tensor tensor(Device device, Shape shape, Storage storage);

        IndexBuffer buffer(IntTensor tensor);

        IntTensor allocateIntegers(Device device, Shape shape, int least, int greatest);

        IntTensor share(IntTensor tensor);

        Backend backend(Device device);

        Device device(String name, Backend backend);

        List<BackendProvider> providers();

        void passed(StriateException exception, String name, String type);

        void adopt(ScopedResource resource);

        void release(ScopedResource resource);
    }

    /** Called once, when {@link Tensor} is initialised. */
    public static void install(Access implementation) {
        access = implementation;
    }

    /**
     * Initialises {@link Tensor} if this is the first use. This is not done in a static initialiser: two threads that
     * start with {@code Tensor} and with this class would wait for each other.
     */
    private static Access access() {
        Access installed = access;
        if (installed != null) {
            return installed;
        }
        try {
            MethodHandles.lookup().ensureInitialized(Tensor.class);
        } catch (IllegalAccessException e) {
            throw new AssertionError("Tensor is public", e);
        }
        return access();
    }

    // ---- Tensors

    /** Returns a tensor with undefined values; the operation's kernel has to write every element. */
    public static Tensor allocate(Device device, Shape shape) {
        return adopt(access().tensor(device, shape, Storage.allocate(backend(device), shape.elements())));
    }

    /**
     * Returns the memory of a tensor.
     *
     * @throws dev.striate.StriateException if the tensor was closed
     */
    public static Storage storage(Tensor tensor) {
        return access().storage(tensor);
    }

    /** Returns the buffer of a tensor; see {@link Storage#buffer()}. */
    public static Buffer buffer(Tensor tensor) {
        return storage(tensor).buffer();
    }

    /** Returns the buffer of an optional tensor, or null. */
    public static @Nullable Buffer bufferOrNull(@Nullable Tensor tensor) {
        return tensor == null ? null : buffer(tensor);
    }

    /**
     * Returns a view of the same memory in another shape with the same number of elements. It is not part of the graph.
     */
    public static Tensor view(Tensor tensor, Shape shape) {
        return adopt(handle(tensor, shape));
    }

    /** Returns a second handle on the same memory, outside of the graph and of any scope. The caller closes it. */
    public static Tensor share(Tensor tensor) {
        return handle(tensor, tensor.shape());
    }

    private static Tensor handle(Tensor tensor, Shape shape) {
        Storage storage = storage(tensor);
        storage.retain();
        return access().tensor(tensor.device(), shape, storage);
    }

    /**
     * Returns a handle on the same memory with a storage of its own, outside of any scope. Pending fills do not affect
     * it.
     */
    public static Tensor alias(Tensor tensor) {
        return access().tensor(tensor.device(), tensor.shape(), storage(tensor).alias());
    }

    /**
     * Returns a part of a tensor's memory as a tensor outside of any scope, for parameters in flat storage. Changes in
     * place are counted separately for each part and for the whole.
     *
     * @param offset a multiple of the backend's {@link Backend#sliceAlignment()}
     */
    public static Tensor window(Tensor tensor, int offset, Shape part) {
        return access().tensor(tensor.device(), part, storage(tensor).part(offset, part.elements()));
    }

    /** Returns what a tensor knows of its gradient. */
    public static Gradient gradient(Tensor tensor) {
        return access().gradient(tensor);
    }

    /** @throws DeviceException if the other tensor is on another device */
    public static void requireSameDevice(String operation, Tensor tensor, @Nullable Tensor other) {
        if (other != null && other.device() != tensor.device()) {
            Device device = tensor.device();
            boolean alike = device.name().equals(other.device().name());
            throw new DeviceException(operation + ": one tensor is on " + describe(device, alike) + ", the other on "
                    + describe(other.device(), alike) + "; move one with to(device)");
        }
    }

    private static String describe(Device device, boolean withDetail) {
        return withDetail ? device + " (" + device.info().detail() + ")" : device.toString();
    }

    // ---- Integers

    /** Returns a tensor with undefined values, to be filled with {@code least .. greatest}. */
    public static IntTensor allocateIntegers(Device device, Shape shape, int least, int greatest) {
        return access().allocateIntegers(device, shape, least, greatest);
    }

    /** Returns the buffer of a tensor of integers. */
    public static IndexBuffer buffer(IntTensor tensor) {
        return access().buffer(tensor);
    }

    /** Returns a second handle on the same memory, outside of any scope. The caller closes it. */
    public static IntTensor share(IntTensor tensor) {
        return access().share(tensor);
    }

    // ---- Devices

    /** Returns the backend of a device, which has its memory and kernels. */
    public static Backend backend(Device device) {
        return access().backend(device);
    }

    /** Returns the kernels of a tensor's device, or kernels that do nothing if the tensor has no elements. */
    public static KernelSet kernels(Tensor tensor) {
        return tensor.shape().elements() == 0
                ? IdleKernels.ALL
                : backend(tensor.device()).kernels();
    }

    /**
     * Returns a new device for a backend that the caller opened. It is not shared with {@link Device#parse} and the
     * other methods.
     *
     * @param name the name used in messages
     */
    public static Device device(String name, Backend backend) {
        return access().device(name, backend);
    }

    /** Returns the known kinds of devices, whether or not this machine has any. */
    public static List<BackendProvider> providers() {
        return access().providers();
    }

    // ---- Networks

    /**
     * Notes that an exception left a part of a network, so that its message tells where it happened.
     *
     * @param name the part's name in the block around it
     * @param type the part's type
     */
    public static void passed(StriateException exception, String name, String type) {
        access().passed(exception, name, type);
    }

    // ---- Scopes

    /** Adds a resource to the innermost scope of this thread, if there is one. */
    public static <R extends ScopedResource> R adopt(R resource) {
        access().adopt(resource);
        return resource;
    }

    /** Removes a resource from its {@link Scope}; from now on the caller closes it. */
    public static <R extends ScopedResource> R release(R resource) {
        access().release(resource);
        return resource;
    }
}
