package dev.striate.models;

import java.util.List;

/**
 * Registers networks, so that model files that name them can be opened: list the class in {@code
 * META-INF/services/dev.striate.models.NetworkCatalog} ({@link java.util.ServiceLoader}). The commands see those in the
 * jars of {@code --classpath}.
 *
 * <pre>{@code
 * public final class MyNetworks implements NetworkCatalog {
 *     public List<NetworkBuilder> builders() {
 *         return List.of(NetworkBuilder.ofClasses("my-net", Shape.of(3, 64, 64), MyNet::new));
 *     }
 * }
 * }</pre>
 */
public interface NetworkCatalog {

    List<NetworkBuilder> builders();
}
