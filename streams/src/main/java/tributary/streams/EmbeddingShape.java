package tributary.streams;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tributary.protocol.Usage;
import tributary.protocol.openai.EmbeddingList;

/** The body of {@code /v1/embeddings}, which never comes in events. */
final class EmbeddingShape implements AnswerShape {
  private final AcceptedRequest request;

  EmbeddingShape(AcceptedRequest request) {
    this.request = request;
  }

  @Override
  public Optional<Record> opening(int choice) {
    return Optional.empty();
  }

  @Override
  public Record text(AnswerEvent.Text text, @Nullable Usage used) {
    throw notStreamed();
  }

  @Override
  public Record call(AnswerEvent.Call call, @Nullable Usage used) {
    throw notStreamed();
  }

  @Override
  public Record finish(AnswerEvent.Ended ended, @Nullable Usage used) {
    throw notStreamed();
  }

  @Override
  public Record usage(Usage usage) {
    throw notStreamed();
  }

  @Override
  public Record whole(List<WholeChoice> choices, Usage usage) {
    return new EmbeddingList(
        request.modelName(), choices.stream().map(this::item).toList(), usage.promptTokens());
  }

  private EmbeddingList.Item item(WholeChoice choice) {
    float[] vector = unit(Objects.requireNonNull(choice.prompt().state()));
    return switch (request.encoding()) {
      case FLOAT -> EmbeddingList.Item.of(choice.index(), vector);
      case BASE64 -> EmbeddingList.Item.of(choice.index(), base64(vector));
    };
  }

  /** The vector of length 1 that points the same way; one of length 0 stays as it is. */
  static float[] unit(float[] vector) {
    double squares = 0;
    for (float value : vector) {
      squares += (double) value * value;
    }
    double length = squares == 0 ? 1 : Math.sqrt(squares);
    float[] unit = new float[vector.length];
    for (int i = 0; i < unit.length; i++) {
      unit[i] = (float) (vector[i] / length);
    }
    return unit;
  }

  private static String base64(float[] vector) {
    ByteBuffer bytes =
        ByteBuffer.allocate(vector.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(vector);
    return Base64.getEncoder().encodeToString(bytes.array());
  }

  private static AssertionError notStreamed() {
    return new AssertionError("vectors do not come in a stream");
  }
}
