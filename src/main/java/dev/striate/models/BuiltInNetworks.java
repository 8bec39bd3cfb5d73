package dev.striate.models;

import dev.striate.Shape;
import java.util.List;

/** The networks of this package, found like those of users. */
public final class BuiltInNetworks implements NetworkCatalog {

    private static final Shape DIGIT = Shape.of(1, 8, 8);
    private static final Shape LENET_INPUT = Shape.of(1, 32, 32);
    private static final Shape CIFAR_IMAGE = Shape.of(3, 32, 32);

    @Override
    public List<NetworkBuilder> builders() {
        return List.of(
                NetworkBuilder.ofClasses("mlp", DIGIT, TinyNets::mlp),
                NetworkBuilder.ofClasses("cnn", DIGIT, TinyNets::cnn),
                NetworkBuilder.ofClasses("lenet5-modern", LENET_INPUT, LeNet5::modern),
                NetworkBuilder.ofClasses("lenet5-paper", LENET_INPUT, LeNet5::paper),
                NetworkBuilder.ofClasses("cifar-simple", CIFAR_IMAGE, CifarCnn::create),
                NetworkBuilder.ofClasses("resnet9", CIFAR_IMAGE, ResNet9::create));
    }
}
