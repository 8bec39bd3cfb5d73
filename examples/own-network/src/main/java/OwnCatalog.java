import dev.striate.Shape;
import dev.striate.models.NetworkBuilder;
import dev.striate.models.NetworkCatalog;
import java.util.List;

/** Tells Striate how to build the network that a model file names. */
public class OwnCatalog implements NetworkCatalog {

    @Override
    public List<NetworkBuilder> builders() {
        return List.of(NetworkBuilder.ofClasses("own-network", Shape.of(1, 8, 8), OwnNetwork::new));
    }
}
