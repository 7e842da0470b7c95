package tributary.protocol.openai;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tributary.protocol.ErrorCode;
import tributary.protocol.Haste;
import tributary.protocol.Nanos;
import tributary.protocol.OutputForm;
import tributary.protocol.Quoted;
import tributary.protocol.Sampling;
import tributary.protocol.TributaryException;

/** Collects the fields that both kinds of request share. */
final class OptionsReader {
  /** Fields that would change the answer and that this server cannot honour yet. */
  private static final Set<String> UNSUPPORTED =
      Set.of(
          "tools",
          "functions",
          "function_call",
          "suffix",
          "audio",
          "prediction",
          "allowed_token_ids",
          "bad_words",
          "use_beam_search",
          "continue_final_message",
          "chat_template_kwargs",
          "chat_template",
          "documents",
          "guided_grammar");

  private final BodyLimits limits;
  private int choices = 1;
  private OptionalInt maxTokens = OptionalInt.empty();
  private OptionalLong seed = OptionalLong.empty();
  private double temperature = 1;
  private double topP = 1;
  private int topK;
  private double minP;
  private double repetitionPenalty = 1;
  private double presencePenalty;
  private double frequencyPenalty;
  private final Map<Integer, Double> logitBias = new HashMap<>();
  private int topLogprobs = Sampling.NO_LOGPROBS;
  private final List<String> stopStrings = new ArrayList<>();
  private final Set<Integer> stopTokens = new HashSet<>();
  private int minTokens;
  private boolean ignoreEos;
  private boolean includeStopString;
  private boolean stream;
  private boolean includeUsage;
  private boolean continuousUsage;
  private OptionalInt promptLogprobs = OptionalInt.empty();
  private OptionalInt promptTokensMax = OptionalInt.empty();
  private Optional<Boolean> addSpecialTokens = Optional.empty();
  private final FormReader forms = new FormReader();
  private boolean skipSpecialTokens = true;
  private boolean tokensAsIds;
  private int urgency;
  private @Nullable Nanos within;

  OptionsReader(BodyLimits limits) {
    this.limits = limits;
  }

  /** Takes a shared field; refuses what would be wrong to ignore; passes over the rest. */
  void take(String name, FieldReader in) throws IOException {
    switch (name) {
      case "n" -> choices = in.integer(name, 1, limits.choicesMax(), 1);
      case "max_tokens" -> maxTokens(name, in);
      case "temperature" -> temperature = in.number(name, 1);
      case "top_p" -> topP = in.number(name, 1);
      // -1 is how the servers that know this field spell "all".
      case "top_k" -> topK = Math.max(0, in.integer(name, -1, Integer.MAX_VALUE, 0));
      case "min_p" -> minP = in.number(name, 0);
      case "repetition_penalty" -> repetitionPenalty = in.number(name, 1);
      case "presence_penalty" -> presencePenalty = in.number(name, 0);
      case "frequency_penalty" -> frequencyPenalty = in.number(name, 0);
      case "logit_bias" -> logitBias(in);
      case "seed" -> seed(in);
      case "stop" -> stop(in);
      case "stop_token_ids" -> stopTokens(in);
      case "min_tokens" -> minTokens = in.integer(name, 0, Integer.MAX_VALUE, 0);
      case "ignore_eos" -> ignoreEos = in.flag(name, false);
      case "include_stop_str_in_output" -> includeStopString = in.flag(name, false);
      case "return_tokens_as_token_ids" -> tokensAsIds = in.flag(name, false);
      case "skip_special_tokens" -> skipSpecialTokens = in.flag(name, true);
      case "stream" -> stream = in.flag(name, false);
      case "stream_options" -> streamOptions(in);
      case "response_format",
          "guided_json",
          "guided_regex",
          "guided_choice",
          "structured_outputs" ->
          forms.take(name, in);
      case "prompt_logprobs" -> promptLogprobs(in);
      case "truncate_prompt_tokens" -> truncate(in);
      // A lower one goes first, as in the servers that know this field.
      case "priority" ->
          urgency = -in.integer(name, -BodyLimits.PRIORITY_MAX, BodyLimits.PRIORITY_MAX, 0);
      case "timeout" -> within = timeout(name, in);
      case "add_special_tokens" -> addSpecialTokens = optionalFlag(name, in);
      default -> refuseOrSkip(name, in);
    }
  }

  /** The newer of two names for one limit wins, whichever comes first. */
  void maxTokens(String name, FieldReader in) throws IOException {
    if (in.isNull()) {
      return;
    }
    int limit = (int) in.whole(name, 1, Integer.MAX_VALUE);
    if (maxTokens.isEmpty() || !name.equals("max_tokens")) {
      maxTokens = OptionalInt.of(limit);
    }
  }

  void topLogprobs(int count) {
    topLogprobs = count;
  }

  GenerationOptions finish() {
    var sampling =
        new Sampling(
            temperature,
            topK,
            topP,
            minP,
            0,
            repetitionPenalty,
            presencePenalty,
            frequencyPenalty,
            logitBias,
            topLogprobs);
    if (stream && promptLogprobs.isPresent()) {
      throw new TributaryException(
          ErrorCode.INVALID_PARAMETER,
          "prompt_logprobs do not come in a stream; leave stream out, or send echo and logprobs",
          "prompt_logprobs");
    }
    return new GenerationOptions(
        choices,
        maxTokens,
        sampling,
        seed,
        new GenerationOptions.Stopping(
            stopStrings, stopTokens, minTokens, ignoreEos, includeStopString),
        new GenerationOptions.Delivery(
            stream, includeUsage, continuousUsage, skipSpecialTokens, tokensAsIds),
        new GenerationOptions.Prompting(promptTokensMax, addSpecialTokens, promptLogprobs),
        checked(forms.finish()),
        new Haste(urgency, within));
  }

  /** The form of the output, which must be able to end when it is complete. */
  private OutputForm checked(OutputForm form) {
    if (!form.isFree() && (minTokens > 0 || ignoreEos)) {
      String field = minTokens > 0 ? "min_tokens" : "ignore_eos";
      throw new TributaryException(
          ErrorCode.INVALID_PARAMETER,
          field + " cannot be kept together with a response_format or tools; leave one out",
          field);
    }
    return form;
  }

  /** Replaces the form by the tools' where a request has some. */
  void toolCalls(OutputForm.ToolCalls calls) {
    forms.toolCalls(calls);
  }

  static TributaryException unsupported(String path) {
    return new TributaryException(
        ErrorCode.UNSUPPORTED_PARAMETER,
        path + ": this server does not have it; leave it out",
        path);
  }

  private void seed(FieldReader in) throws IOException {
    if (!in.isNull()) {
      seed = OptionalLong.of(in.whole("seed", Long.MIN_VALUE, Long.MAX_VALUE));
    }
  }

  private void logitBias(FieldReader in) throws IOException {
    if (in.isNull()) {
      return;
    }
    in.forEachField(
        "logit_bias",
        (token, bias) -> {
          if (logitBias.size() == BodyLimits.LOGIT_BIASES_MAX) {
            throw new TributaryException(
                ErrorCode.INVALID_PARAMETER,
                "logit_bias names more than %d tokens".formatted(BodyLimits.LOGIT_BIASES_MAX),
                "logit_bias");
          }
          logitBias.put(biasedToken(token), bias.number("logit_bias", 0));
        });
  }

  private static int biasedToken(String token) {
    if (token.matches("[0-9]{1,9}")) {
      return Integer.parseInt(token);
    }
    throw new TributaryException(
        ErrorCode.INVALID_PARAMETER,
        "logit_bias names %s; its keys must be token ids".formatted(Quoted.of(token)),
        "logit_bias");
  }

  private void stop(FieldReader in) throws IOException {
    String wanted = "a string or an array of strings";
    if (in.isNull()) {
      return;
    }
    if (in.isText()) {
      stopString(in.text("stop", wanted));
      return;
    }
    in.forEachElement(
        "stop", wanted, limits.stopStringsMax(), each -> stopString(each.text("stop", wanted)));
  }

  private void stopString(String text) {
    if (text.isEmpty() || text.length() > BodyLimits.STOP_STRING_CHARACTERS_MAX) {
      throw new TributaryException(
          ErrorCode.INVALID_PARAMETER,
          "stop holds a string of %d characters; each must have 1 to %d"
              .formatted(text.length(), BodyLimits.STOP_STRING_CHARACTERS_MAX),
          "stop");
    }
    stopStrings.add(text);
  }

  private void stopTokens(FieldReader in) throws IOException {
    if (!in.isNull()) {
      in.forEachElement(
          "stop_token_ids",
          "an array of token ids",
          BodyLimits.STOP_TOKENS_MAX,
          id -> stopTokens.add(id.tokenId("stop_token_ids")));
    }
  }

  private void streamOptions(FieldReader in) throws IOException {
    if (!in.isNull()) {
      in.forEachField(
          "stream_options",
          (name, value) -> {
            String path = "stream_options." + name;
            switch (name) {
              case "include_usage" -> includeUsage = value.flag(path, false);
              case "continuous_usage_stats" -> continuousUsage = value.flag(path, false);
              default -> value.skipUnknown(path);
            }
          });
    }
  }

  private void promptLogprobs(FieldReader in) throws IOException {
    if (!in.isNull()) {
      promptLogprobs =
          OptionalInt.of((int) in.whole("prompt_logprobs", 0, Sampling.TOP_LOGPROBS_MAX));
    }
  }

  /** -1 is how vLLM spells "as many as the model takes". */
  private void truncate(FieldReader in) throws IOException {
    int max = in.integer("truncate_prompt_tokens", -1, Integer.MAX_VALUE, 0);
    if (max == 0 && !in.isNull()) {
      throw TributaryException.parameter("truncate_prompt_tokens", 0, 1, Integer.MAX_VALUE);
    }
    promptTokensMax = max == 0 ? OptionalInt.empty() : OptionalInt.of(max);
  }

  /** Seconds, with fractions. */
  private static @Nullable Nanos timeout(String name, FieldReader in) throws IOException {
    if (in.isNull()) {
      return null;
    }
    double seconds = in.number(name, 0);
    if (!(seconds > 0 && seconds <= BodyLimits.TIMEOUT_SECONDS_MAX)) {
      throw TributaryException.parameter(
          name, seconds, Double.MIN_VALUE, BodyLimits.TIMEOUT_SECONDS_MAX);
    }
    return new Nanos((long) Math.ceil(seconds * 1e9));
  }

  private static Optional<Boolean> optionalFlag(String name, FieldReader in) {
    return in.isNull() ? Optional.empty() : Optional.of(in.flag(name, true));
  }

  private static void refuseOrSkip(String name, FieldReader in) throws IOException {
    if (!UNSUPPORTED.contains(name)) {
      in.skipUnknown(name);
    } else if (!in.skipEmpty()) {
      throw unsupported(name);
    }
  }
}
