package tributary.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;
import tributary.gpu.Backend;
import tributary.model.BaseModel;
import tributary.model.bench.ModelShape;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;

/** Where the base of a benchmark comes from. */
final class BaseWeights {
  @ArgGroup(multiplicity = "1")
  private Source source = new Source();

  /** One of the two. */
  private static final class Source {
    @Option(
        names = "--base",
        paramLabel = "DIR",
        description = "Hugging Face directory of the base.")
    private @Nullable Path base;

    @Option(
        names = "--shape",
        paramLabel = "NAME",
        description =
            "Random weights of this shape: demo, tinyllama-1.1b, llama-2-7b, llama-2-13b or"
                + " llama-3.1-8b.")
    private @Nullable String shape;
  }

  /** The base's directory; null when its weights are random. */
  @Nullable Path directory() {
    return source.base;
  }

  /** For people. */
  String name() {
    return source.base == null
        ? String.valueOf(source.shape)
        : source.base.getFileName().toString();
  }

  /** The caller closes it. */
  BaseModel open(Backend device) {
    if (source.base != null) {
      return BaseModel.load(source.base, device);
    }
    return shape().random(device, 1);
  }

  /** The shape of random weights. */
  ModelShape shape() {
    return shape(String.valueOf(source.shape));
  }

  /**
   * @throws TributaryException {@code usage} naming those there are
   */
  static ModelShape shape(String name) {
    return ModelShape.named(name)
        .orElseThrow(() ->
            new TributaryException(
                ErrorCode.USAGE,
                "shape %s is unknown; known are %s"
                    .formatted(Quoted.of(name), ModelShape.names())));
  }
}
