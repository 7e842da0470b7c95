package tributary.protocol.openai;

import tributary.protocol.Tokens;

/** One prompt of a completion request. */
public sealed interface PromptInput {
  record Text(String text) implements PromptInput {}

  /** Already tokenized; the ids are not yet checked against a vocabulary. */
  record Ids(Tokens tokens) implements PromptInput {}
}
