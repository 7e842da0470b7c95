package tributary.streams;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import tributary.actors.ServedModel;
import tributary.model.tokenizer.ChatTemplate;
import tributary.protocol.ErrorCode;
import tributary.protocol.GenerationRequest;
import tributary.protocol.RequestId;
import tributary.protocol.Sampling;
import tributary.protocol.StopRule;
import tributary.protocol.Tokens;
import tributary.protocol.TributaryException;
import tributary.protocol.openai.ChatCompletionBody;
import tributary.protocol.openai.CompletionBody;
import tributary.protocol.openai.GenerationOptions;
import tributary.protocol.openai.PromptInput;

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
      Tokens tokens = tokens(input, model);
      prompts.add(new Prompt(tokens, body.echo() ? echo(input, tokens, model) : ""));
    }
    return accept(
        Endpoint.COMPLETIONS,
        model,
        prompts,
        body.options(),
        OptionalInt.of(COMPLETION_TOKENS_DEFAULT));
  }

  AcceptedRequest accept(ChatCompletionBody body) {
    ServedModel model = models.named(body.model());
    ChatTemplate template =
        model
            .chatTemplate()
            .orElseThrow(() ->
                new TributaryException(
                    ErrorCode.CHAT_TEMPLATE,
                    "model %s has no chat template; use /v1/completions, or configure one"
                        .formatted(model.id()),
                    "messages"));
    String text =
        template.render(
            body.messages().stream()
                .map(message -> new ChatTemplate.Message(message.role(), message.content()))
                .toList(),
            body.addGenerationPrompt());
    // The template writes special tokens itself.
    var prompt = new Prompt(model.tokenizer().encode(text, false), "");
    return accept(Endpoint.CHAT, model, List.of(prompt), body.options(), OptionalInt.empty());
  }

  private record Prompt(Tokens tokens, String echo) {}

  private AcceptedRequest accept(
      Endpoint endpoint,
      ServedModel model,
      List<Prompt> prompts,
      GenerationOptions options,
      OptionalInt tokensDefault) {
    checkVocabulary(options, model);
    String id = endpoint.idPrefix() + surroundings.ids().get();
    long seed = options.seed().orElseGet(surroundings.seeds());
    Set<Integer> stopTokens = new HashSet<>(options.stopping().tokens());
    if (!options.stopping().ignoreEos()) {
      stopTokens.addAll(model.eosTokens());
    }
    var choices = new ArrayList<AcceptedRequest.Choice>();
    int promptTokens = 0;
    for (Prompt prompt : prompts) {
      int maxTokens = maxTokens(prompt.tokens(), model, options.maxTokens(), tokensDefault);
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
                stop);
        choices.add(new AcceptedRequest.Choice(index, request, prompt.echo()));
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
        options.delivery());
  }

  private static Tokens tokens(PromptInput input, ServedModel model) {
    return switch (input) {
      case PromptInput.Text(String text) -> model.tokenizer().encode(text, true);
      case PromptInput.Ids(Tokens ids) -> {
        for (int i = 0; i < ids.count(); i++) {
          checkToken("prompt", ids.id(i), model);
        }
        yield ids;
      }
    };
  }

  private static String echo(PromptInput input, Tokens tokens, ServedModel model) {
    return switch (input) {
      case PromptInput.Text(String text) -> text;
      case PromptInput.Ids _ -> model.tokenizer().decode(tokens, true);
    };
  }

  /** How many tokens may follow the prompt; a limit that was asked for is never cut silently. */
  private static int maxTokens(
      Tokens prompt, ServedModel model, OptionalInt asked, OptionalInt orElse) {
    int room = model.contextLength() - prompt.count();
    if (room < 1) {
      throw new TributaryException(
          ErrorCode.CONTEXT_LENGTH_EXCEEDED,
          "the prompt has %d tokens and model %s has a context of %d; shorten the prompt to %d"
              .formatted(
                  prompt.count(), model.id(), model.contextLength(), model.contextLength() - 1),
          "prompt");
    }
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
