package dev.striate;

import dev.striate.autograd.Gradient;
import dev.striate.backend.Backend;
import dev.striate.backend.BackendProvider;
import dev.striate.backend.IndexBuffer;
import dev.striate.internal.Internals;
import dev.striate.internal.Storage;
import java.util.List;

/** Lets {@link Internals} see the private parts of this package's classes. */
final class InternalAccess implements Internals.Access {

    @Override
    public Storage storage(Tensor tensor) {
        return tensor.storage();
    }

    @Override
    public Gradient gradient(Tensor tensor) {
        return tensor.gradient();
    }

    @Override
    public Tensor tensor(Device device, Shape shape, Storage storage) {
        return new Tensor(device, shape, storage);
    }

    @Override
    public IndexBuffer buffer(IntTensor tensor) {
        return tensor.buffer();
    }

    @Override
    public IntTensor allocateIntegers(Device device, Shape shape, int least, int greatest) {
        return IntTensor.allocate(device, shape, least, greatest);
    }

    @Override
    public IntTensor share(IntTensor tensor) {
        return tensor.share();
    }

    @Override
    public Backend backend(Device device) {
        return device.backend();
    }

    @Override
    public Device device(String name, Backend backend) {
        return new Device(name, backend);
    }

    @Override
    public List<BackendProvider> providers() {
        return Device.providers();
    }

    @Override
    public void passed(StriateException exception, String name, String type) {
        exception.passed(name, type);
    }

    @Override
    public void adopt(ScopedResource resource) {
        Scope.adopt(resource);
    }

    @Override
    public void release(ScopedResource resource) {
        Scope.forget(resource);
    }
}
