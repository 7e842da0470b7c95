package tributary.protocol.openai;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tributary.protocol.Sampling;

/**
 * The body of {@code POST /v1/completions}.
 *
 * @param prompts at least one
 * @param echo whether each answer begins with its prompt
 * @param unknownFields names of fields that were ignored
 */
public record CompletionBody(
    String model,
    List<PromptInput> prompts,
    boolean echo,
    GenerationOptions options,
    List<String> unknownFields) {
  public CompletionBody {
    prompts = List.copyOf(prompts);
    unknownFields = List.copyOf(unknownFields);
  }

  /** Reads and checks a body; every complaint names the field at fault. */
  public static CompletionBody read(byte[] json, BodyLimits limits) {
    return FieldReader.read(json, fields -> new Reader(limits).read(fields));
  }

  private static final class Reader {
    private final BodyLimits limits;
    private final OptionsReader options;
    private @Nullable String model;
    private List<PromptInput> prompts = List.of();
    private boolean echo;
    private int bestOf;

    Reader(BodyLimits limits) {
      this.limits = limits;
      this.options = new OptionsReader(limits);
    }

    CompletionBody read(FieldReader fields) throws IOException {
      fields.forEachField("body", this::take);
      if (model == null) {
        throw FieldReader.missing("model");
      }
      if (prompts.isEmpty()) {
        throw FieldReader.missing("prompt");
      }
      var shared = options.finish();
      if (bestOf != 0 && bestOf != shared.choices()) {
        throw OptionsReader.unsupported("best_of");
      }
      return new CompletionBody(model, prompts, echo, shared, fields.unknown());
    }

    private void take(String name, FieldReader in) throws IOException {
      switch (name) {
        case "model" -> model = in.string(name);
        case "prompt" -> prompts = PromptReader.read(name, in, limits.promptsMax());
        case "echo" -> echo = in.flag(name, false);
        case "best_of" -> bestOf = in.integer(name, 1, limits.choicesMax(), 0);
        case "logprobs" ->
            options.topLogprobs(
                in.integer(name, 0, Sampling.TOP_LOGPROBS_MAX, Sampling.NO_LOGPROBS));
        default -> options.take(name, in);
      }
    }
  }
}
