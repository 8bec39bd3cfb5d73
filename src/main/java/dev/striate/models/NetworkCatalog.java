package dev.striate.models;

import java.util.List;

/**
 * Registers networks, so that model files that name them can be opened: list the class in {@code
 * META-INF/services/dev.striate.models.NetworkCatalog} ({@link java.util.ServiceLoader}). The commands see those in the
 * jars of {@code --classpath}.
 *
 * <pre>{@code
 * final class MyNetworks implements NetworkCatalog {     // public, in a file of its own
 *     public List<NetworkBuilder> builders() {
 *         return List.of(NetworkBuilder.ofClasses("resnet9-64", Shape.of(3, 64, 64), ResNet9::create));
 *     }
 * }
 * }</pre>
 */
public interface NetworkCatalog {

    List<NetworkBuilder> builders();
}
