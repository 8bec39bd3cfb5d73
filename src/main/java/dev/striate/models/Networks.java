package dev.striate.models;

import dev.striate.StriateException;
import dev.striate.disk.PrintableText;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;

/** The networks that a model file can name. */
public final class Networks {

    private Networks() {}

    /**
     * Returns the builder with a name: of the given ones or, if none has it, of the {@linkplain NetworkCatalog
     * registered} ones that the thread's context class loader finds.
     *
     * @throws StriateException if there is none, or several are registered under this name
     */
    public static NetworkBuilder named(String name, NetworkBuilder... given) {
        for (NetworkBuilder builder : given) {
            if (builder.name().equals(name)) {
                return builder;
            }
        }
        List<NetworkBuilder> all = registered();
        List<NetworkBuilder> found =
                all.stream().filter(builder -> builder.name().equals(name)).toList();
        if (found.size() > 1) {
            throw new StriateException("several networks are registered under the name \"" + name + "\"");
        }
        if (found.isEmpty()) {
            throw new StriateException("there is no network \"" + PrintableText.excerpt(name) + "\"; there are "
                    + all.stream().map(NetworkBuilder::name).toList()
                    + ". A network of your own is found if a NetworkCatalog in its jar registers it; the commands look in"
                    + " the jars of --classpath");
        }
        return found.get(0);
    }

    private static List<NetworkBuilder> registered() {
        List<NetworkBuilder> all = new ArrayList<>();
        try {
            ServiceLoader.load(NetworkCatalog.class).forEach(catalog -> all.addAll(catalog.builders()));
        } catch (ServiceConfigurationError e) {
            throw new StriateException("a registered NetworkCatalog cannot be used: " + e.getMessage(), e);
        }
        return all;
    }
}
