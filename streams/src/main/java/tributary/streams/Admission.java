package tributary.streams;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import tributary.actors.ServedModel;
import tributary.protocol.ErrorCode;
import tributary.protocol.FinishReason;
import tributary.protocol.GenerationRequest;
import tributary.protocol.OutputForm;
import tributary.protocol.PromptReading;
import tributary.protocol.RequestId;
import tributary.protocol.Sampling;
import tributary.protocol.StopRule;
import tributary.protocol.Tokens;
import tributary.protocol.TributaryException;
import tributary.protocol.openai.ChatCompletionBody;
import tributary.protocol.openai.CompletionBody;
import tributary.protocol.openai.DetokenizeBody;
import tributary.protocol.openai.EmbeddingBody;
import tributary.protocol.openai.GenerationOptions;
import tributary.protocol.openai.GenerationOptions.Delivery;
import tributary.protocol.openai.GenerationOptions.Stopping;
import tributary.protocol.openai.PromptInput;
import tributary.protocol.openai.TokenizeBody;

/** Checks bodies against the model they name and turns them into sequences to generate. */
final class Admission {
  private static final int COMPLETION_TOKENS_DEFAULT = 16;

  private final Models models;
  private final Surroundings surroundings;

  Admission(Models models, Surroundings surroundings) {
    this.models = models;
    this.surroundings = surroundings;
  }

  AcceptedRequest accept(CompletionBody body) {
    ServedModel model = models.named(body.model());
    var prompts = new ArrayList<Prompt>();
    for (PromptInput input : body.prompts()) {
      boolean special = body.options().prompting().addSpecialTokens().orElse(true);
      Tokens tokens = tokens("prompt", input, model, special);
      prompts.add(new Prompt(tokens, body.echo() ? echo(input, tokens, model) : ""));
    }
    return accept(
        Endpoint.COMPLETIONS,
        model,
        prompts,
        body.options(),
        new Rest(OptionalInt.of(COMPLETION_TOKENS_DEFAULT), body.echo(), FinishReason.STOP));
  }

  AcceptedRequest accept(ChatCompletionBody body) {
    ServedModel model = models.named(body.model());
    // The template writes special tokens itself.
    boolean special = body.options().prompting().addSpecialTokens().orElse(false);
    var prompt = new Prompt(model.tokenizer().encode(ChatPrompt.of(body, model), special), "");
    return accept(
        Endpoint.CHAT,
        model,
        List.of(prompt),
        body.options(),
        new Rest(
            OptionalInt.empty(),
            false,
            body.toolNamed() ? FinishReason.STOP : FinishReason.TOOL_CALLS));
  }

  AcceptedRequest accept(EmbeddingBody body) {
    ServedModel model = models.named(body.model());
    String id = Endpoint.EMBEDDINGS.idPrefix() + surroundings.ids().get();
    var choices = new ArrayList<AcceptedRequest.Choice>();
    int promptTokens = 0;
    for (PromptInput input : body.inputs()) {
      Tokens tokens = tokens("input", input, model, true);
      room(tokens, model, "input");
      promptTokens = Math.addExact(promptTokens, tokens.count());
      int index = choices.size();
      var request = GenerationRequest.stateOf(new RequestId(id + "-" + index), model.id(), tokens);
      choices.add(new AcceptedRequest.Choice(index, request, "", false));
    }
    return new AcceptedRequest(
        Endpoint.EMBEDDINGS,
        id,
        surroundings.clock().instant().getEpochSecond(),
        model,
        choices,
        promptTokens,
        Stopping.NEVER,
        Delivery.WHOLE,
        body.encoding(),
        FinishReason.STOP);
  }

  TokenizeBody.Answer tokenize(TokenizeBody body) {
    ServedModel model = models.named(body.model());
    String text = body.prompt();
    boolean special = body.addSpecialTokens().orElse(text != null);
    Tokens tokens =
        model
            .tokenizer()
            .encode(
                text != null
                    ? text
                    : ChatPrompt.of(body.messages(), body.addGenerationPrompt(), model),
                special);
    return TokenizeBody.Answer.of(tokens, model.contextLength());
  }

  DetokenizeBody.Answer detokenize(DetokenizeBody body) {
    ServedModel model = models.named(body.model());
    checkTokens("tokens", body.tokens(), model);
    return new DetokenizeBody.Answer(model.tokenizer().decode(body.tokens(), false));
  }

  /** What differs between the endpoints. */
  private record Rest(OptionalInt tokensDefault, boolean echo, FinishReason reasonForCalls) {}

  private record Prompt(Tokens tokens, String echo) {
    /** Its last tokens only, where it may have no more than {@code asked}. */
    Prompt cut(OptionalInt asked, ServedModel model) {
      if (asked.isEmpty()) {
        return this;
      }
      int max = asked.getAsInt() < 0 ? model.contextLength() - 1 : asked.getAsInt();
      return new Prompt(tokens.last(max), echo);
    }
  }

  private AcceptedRequest accept(
      Endpoint endpoint,
      ServedModel model,
      List<Prompt> prompts,
      GenerationOptions options,
      Rest rest) {
    checkVocabulary(options, model);
    prepare(options.form(), model);
    String id = endpoint.idPrefix() + surroundings.ids().get();
    long seed = options.seed().orElseGet(surroundings.seeds());
    Set<Integer> stopTokens = new HashSet<>(options.stopping().tokens());
    if (!options.stopping().ignoreEos()) {
      stopTokens.addAll(model.eosTokens());
    }
    var choices = new ArrayList<AcceptedRequest.Choice>();
    int promptTokens = 0;
    for (Prompt whole : prompts) {
      Prompt prompt = whole.cut(options.prompting().tokensMax(), model);
      int maxTokens = maxTokens(prompt.tokens(), model, options.maxTokens(), rest.tokensDefault());
      var stop = new StopRule(maxTokens, options.stopping().minTokens(), stopTokens);
      promptTokens = Math.addExact(promptTokens, prompt.tokens().count());
      for (int answer = 0; answer < options.choices(); answer++) {
        int index = choices.size();
        var request =
            new GenerationRequest(
                new RequestId(id + "-" + index),
                model.id(),
                prompt.tokens(),
                seeded(options.sampling(), seed + answer),
                stop,
                options.form(),
                reading(options, rest.echo()),
                options.haste());
        boolean told = options.prompting().logprobs().isPresent();
        choices.add(new AcceptedRequest.Choice(index, request, prompt.echo(), told));
      }
    }
    return new AcceptedRequest(
        endpoint,
        id,
        surroundings.clock().instant().getEpochSecond(),
        model,
        choices,
        promptTokens,
        options.stopping(),
        options.delivery(),
        EmbeddingBody.Encoding.FLOAT,
        rest.reasonForCalls());
  }

  /** Here and not on the device's thread, where others would wait for it. */
  private static void prepare(OutputForm form, ServedModel model) {
    if (!form.isFree() && model.eosTokens().isEmpty()) {
      throw new TributaryException(
          ErrorCode.UNSUPPORTED_PARAMETER,
          "model %s has no token that ends a text, so its answers cannot be given a form"
              .formatted(model.id()),
          "response_format");
    }
    model.tokenizer().constraints().prepare(form);
  }

  /** An echo has log-probabilities where the answer behind it has some. */
  private static PromptReading reading(GenerationOptions options, boolean echo) {
    int beside = options.prompting().logprobs().orElse(Sampling.NO_LOGPROBS);
    int echoed = echo ? options.sampling().topLogprobs() : Sampling.NO_LOGPROBS;
    int top = Math.max(beside, echoed);
    return top == Sampling.NO_LOGPROBS ? PromptReading.nothing() : new PromptReading.Scores(top);
  }

  private static Tokens tokens(
      String field, PromptInput input, ServedModel model, boolean addSpecialTokens) {
    return switch (input) {
      case PromptInput.Text(String text) -> model.tokenizer().encode(text, addSpecialTokens);
      case PromptInput.Ids(Tokens ids) -> {
        checkTokens(field, ids, model);
        yield ids;
      }
    };
  }

  private static void checkTokens(String field, Tokens ids, ServedModel model) {
    for (int i = 0; i < ids.count(); i++) {
      checkToken(field, ids.id(i), model);
    }
  }

  private static String echo(PromptInput input, Tokens tokens, ServedModel model) {
    return switch (input) {
      case PromptInput.Text(String text) -> text;
      case PromptInput.Ids _ -> model.tokenizer().decode(tokens, true);
    };
  }

  /** How many tokens have room behind a prompt; there must be one. */
  private static int room(Tokens prompt, ServedModel model, String field) {
    int room = model.contextLength() - prompt.count();
    if (room < 1) {
      throw new TributaryException(
          ErrorCode.CONTEXT_LENGTH_EXCEEDED,
          "the %s has %d tokens and model %s has a context of %d; shorten it to %d"
              .formatted(
                  field,
                  prompt.count(),
                  model.id(),
                  model.contextLength(),
                  model.contextLength() - 1),
          field);
    }
    return room;
  }

  /** How many tokens may follow the prompt; a limit that was asked for is never cut silently. */
  private static int maxTokens(
      Tokens prompt, ServedModel model, OptionalInt asked, OptionalInt orElse) {
    int room = room(prompt, model, "prompt");
    if (asked.isPresent() && asked.getAsInt() > room) {
      throw new TributaryException(
          ErrorCode.CONTEXT_LENGTH_EXCEEDED,
          ("the prompt has %d tokens and max_tokens is %d, but model %s has a context of %d; "
                  + "ask for at most %d tokens")
              .formatted(prompt.count(), asked.getAsInt(), model.id(), model.contextLength(), room),
          "max_tokens");
    }
    return asked.orElse(Math.min(room, orElse.orElse(room)));
  }

  private static void checkVocabulary(GenerationOptions options, ServedModel model) {
    options.stopping().tokens().forEach(token -> checkToken("stop_token_ids", token, model));
    options
        .sampling()
        .logitBias()
        .keySet()
        .forEach(token -> checkToken("logit_bias", token, model));
  }

  private static void checkToken(String field, int token, ServedModel model) {
    if (token >= model.vocabularySize()) {
      throw new TributaryException(
          ErrorCode.INVALID_PARAMETER,
          "%s names token %d; model %s has tokens 0 to %d"
              .formatted(field, token, model.id(), model.vocabularySize() - 1),
          field);
    }
  }

  private static Sampling seeded(Sampling sampling, long seed) {
    return new Sampling(
        sampling.temperature(),
        sampling.topK(),
        sampling.topP(),
        sampling.minP(),
        seed,
        sampling.repetitionPenalty(),
        sampling.presencePenalty(),
        sampling.frequencyPenalty(),
        sampling.logitBias(),
        sampling.topLogprobs());
  }
}
