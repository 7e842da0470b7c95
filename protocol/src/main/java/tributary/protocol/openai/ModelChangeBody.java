package tributary.protocol.openai;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A wish to change which variants are served. Fields under vLLM's names for adapters mean the same.
 *
 * @param name of the variant: {@code name} or {@code lora_name}
 * @param delta path of a delta file on the server's machine: {@code delta} or {@code lora_path}
 * @param replaces whether a variant of that name may be there already: {@code load_inplace}
 * @param precisionFloor the least width at which it may be served
 * @param pinned whether it is always loaded
 * @param weight its share beside others
 */
public record ModelChangeBody(
    @Nullable String name,
    @Nullable String delta,
    boolean replaces,
    @Nullable Integer precisionFloor,
    @Nullable Boolean pinned,
    @Nullable Integer weight) {
  /** Reads a body; fields that it does not know are ignored. */
  public static ModelChangeBody read(byte[] json) {
    return FieldReader.read(json, fields -> new Reader().read(fields));
  }

  /** The name, which the body must give. */
  public String requiredName(String field) {
    if (name == null) {
      throw FieldReader.missing(field);
    }
    return name;
  }

  /** The path, which the body must give. */
  public String requiredDelta(String field) {
    if (delta == null) {
      throw FieldReader.missing(field);
    }
    return delta;
  }

  private static final class Reader {
    private @Nullable String name;
    private @Nullable String delta;
    private boolean replaces;
    private @Nullable Integer precisionFloor;
    private @Nullable Boolean pinned;
    private @Nullable Integer weight;

    ModelChangeBody read(FieldReader fields) throws IOException {
      fields.forEachField("body", this::take);
      return new ModelChangeBody(name, delta, replaces, precisionFloor, pinned, weight);
    }

    private void take(String field, FieldReader in) throws IOException {
      switch (field) {
        case "name", "lora_name" -> name = in.string(field);
        case "delta", "lora_path" -> delta = in.string(field);
        case "load_inplace" -> replaces = in.flag(field, false);
        case "precision_floor" -> precisionFloor = integer(in, field);
        case "pinned" -> pinned = in.isNull() ? null : Boolean.valueOf(in.flag(field, false));
        case "weight" -> weight = integer(in, field);
        default -> in.skipUnknown(field);
      }
    }

    private static @Nullable Integer integer(FieldReader in, String field) throws IOException {
      return in.isNull() ? null : Integer.valueOf((int) in.whole(field, 1, Integer.MAX_VALUE));
    }
  }
}
