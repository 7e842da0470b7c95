package tributary.protocol.openai;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import tributary.protocol.ErrorCode;
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
          "prompt_logprobs",
          "allowed_token_ids",
          "bad_words",
          "truncate_prompt_tokens",
          "use_beam_search",
          "continue_final_message",
          "chat_template",
          "chat_template_kwargs",
          "documents",
          "guided_json",
          "guided_regex",
          "guided_choice",
          "guided_grammar",
          "structured_outputs");

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
  private boolean skipSpecialTokens = true;
  private boolean tokensAsIds;

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
      case "response_format" -> responseFormat(in);
      case "tool_choice" -> toolChoice(in);
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
    return new GenerationOptions(
        choices,
        maxTokens,
        sampling,
        seed,
        new GenerationOptions.Stopping(
            stopStrings, stopTokens, minTokens, ignoreEos, includeStopString),
        new GenerationOptions.Delivery(stream, includeUsage, skipSpecialTokens, tokensAsIds));
  }

  static TributaryException unsupported(String path) {
    return new TributaryException(
        ErrorCode.UNSUPPORTED_PARAMETER,
        path + ": this server does not have it yet; leave it out",
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
            if (name.equals("include_usage")) {
              includeUsage = value.flag("stream_options.include_usage", false);
            } else {
              value.skipUnknown("stream_options." + name);
            }
          });
    }
  }

  private static void responseFormat(FieldReader in) throws IOException {
    if (!in.isNull()) {
      in.forEachField(
          "response_format",
          (name, value) -> {
            if (!name.equals("type")) {
              value.skipUnknown("response_format." + name);
            } else if (!value.text("response_format.type", "a string").equals("text")) {
              throw unsupported("response_format.type");
            }
          });
    }
  }

  /** Without tools, choosing none and choosing freely are the same. */
  private static void toolChoice(FieldReader in) throws IOException {
    if (in.isText()) {
      String choice = in.text("tool_choice", "a string");
      if (choice.equals("none") || choice.equals("auto")) {
        return;
      }
    }
    if (!in.skipEmpty()) {
      throw unsupported("tool_choice");
    }
  }

  private static void refuseOrSkip(String name, FieldReader in) throws IOException {
    if (!UNSUPPORTED.contains(name)) {
      in.skipUnknown(name);
    } else if (!in.skipEmpty()) {
      throw unsupported(name);
    }
  }
}
