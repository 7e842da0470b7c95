package tributary.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tributary.benchmarks.engines.ComparedModel;
import tributary.benchmarks.gguf.GgufAdapterConversion;
import tributary.benchmarks.gguf.GgufConversion;
import tributary.benchmarks.weights.AdapterDirectory;
import tributary.benchmarks.weights.AdapterMaker;
import tributary.benchmarks.weights.ModelDirectory;
import tributary.benchmarks.weights.ModelMaker;
import tributary.benchmarks.weights.ModelShape;

/**
 * Where benchmarks find and leave things in a checkout of the repository.
 *
 * @param repository the root of the checkout
 */
record Workspace(Path repository) {
  /** Set by {@code benchmarks/run}. */
  private static final String REPOSITORY_PROPERTY = "tributary.repository";

  /** The same weights on every machine. */
  private static final long SEED = 1;

  static Workspace current() {
    return new Workspace(
        Path.of(System.getProperty(REPOSITORY_PROPERTY, "")).toAbsolutePath().normalize());
  }

  /** The model of a known shape, random weights, made now if it is not there. */
  ComparedModel make(KnownShape shape) throws IOException {
    Path directory = generated(shape.modelName());
    ModelDirectory model = new ModelMaker().make(directory, shape.shape(), SEED);
    return converted(model, shape.modelName());
  }

  /** A model that exists, with a GGUF file made for it now if there is none. */
  ComparedModel existing(Path directory) throws IOException {
    Path absolute = directory.toAbsolutePath().normalize();
    // Two directories may have one name: their GGUF files must not be taken for each other.
    String name = absolute.getFileName() + "-" + Integer.toHexString(absolute.hashCode());
    return converted(new ModelDirectory(absolute), name);
  }

  /** The model with so many LoRA adapters, made now where they are not there. */
  ComparedModel adapted(ComparedModel model, int adapters) throws IOException {
    ModelShape shape = new ModelDirectory(model.directory()).shape();
    String name = model.gguf().getFileName().toString().replace(".gguf", "-adapter-");
    List<ComparedModel.Adapter> made = new ArrayList<>();
    for (int number = 1; number <= adapters; number++) {
      AdapterDirectory adapter =
          new AdapterMaker().make(generated(name + number), shape, SEED + number);
      Path gguf =
          new GgufAdapterConversion(adapter, shape).writeTo(generated(name + number + ".gguf"));
      made.add(new ComparedModel.Adapter(adapter.path(), gguf));
    }
    return new ComparedModel(model.directory(), model.gguf(), made);
  }

  /** A path as someone at the repository's root would write it. */
  String shown(Path path) {
    return repository.relativize(path.toAbsolutePath().normalize()).toString();
  }

  private ComparedModel converted(ModelDirectory model, String name) throws IOException {
    Path gguf = new GgufConversion(model).writeTo(generated(name + ".gguf"));
    return new ComparedModel(model.path(), gguf, List.of());
  }

  private Path generated(String name) {
    return repository.resolve("benchmarks").resolve("target").resolve("models").resolve(name);
  }
}
