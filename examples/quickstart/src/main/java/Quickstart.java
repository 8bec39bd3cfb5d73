import static dev.striate.WindowOption.padding;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.data.DataLoader;
import dev.striate.data.TinyDigits;
import dev.striate.nn.Conv2d;
import dev.striate.nn.Flatten;
import dev.striate.nn.Linear;
import dev.striate.nn.MaxPool2d;
import dev.striate.nn.Relu;
import dev.striate.nn.Sequential;
import dev.striate.optim.Adam;
import dev.striate.train.Trainer;

public class Quickstart {

    public static void main(String[] args) {
        Device device = Device.best();
        Sequential model = new Sequential(
                new Conv2d(1, 8, 3, padding(1)),
                new Relu(),
                new MaxPool2d(2),
                new Conv2d(8, 16, 3, padding(1)),
                new Relu(),
                new MaxPool2d(2),
                new Flatten(),
                new Linear(64, 10));
        model.initialize(device, new Generator(0));
        DataLoader train = DataLoader.of(TinyDigits.train(), 32).shuffle(0);
        DataLoader test = DataLoader.of(TinyDigits.test(), 200);
        try (model;
                Adam optimizer = new Adam(model.parameters(), 0.005f)) {
            Trainer.of(model, optimizer, device).fit(train, null, 20);
            double accuracy = Trainer.evaluate(model, test, device).accuracy();
            System.out.printf("test accuracy %.1f %%%n", 100 * accuracy);
        }
    }
}
