package tributary.actors;

import java.util.Optional;
import java.util.Set;
import tributary.model.tokenizer.ChatTemplate;
import tributary.model.tokenizer.TextTokenizer;
import tributary.protocol.DeltaId;

/**
 * What a front end must know of a variant to accept requests for it.
 *
 * @param base the base's name; equals {@code id} for the base itself
 * @param eosTokens ids that end a sequence unless the request ignores them
 */
public record ServedModel(
    DeltaId id,
    DeltaId base,
    int contextLength,
    int vocabularySize,
    Set<Integer> eosTokens,
    TextTokenizer tokenizer,
    Optional<ChatTemplate> chatTemplate) {
  ServedModel named(DeltaId other) {
    return new ServedModel(
        other, base, contextLength, vocabularySize, eosTokens, tokenizer, chatTemplate);
  }
}
