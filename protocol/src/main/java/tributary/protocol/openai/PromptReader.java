package tributary.protocol.openai;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import tributary.protocol.ErrorCode;
import tributary.protocol.Tokens;
import tributary.protocol.TributaryException;

/** Reads {@code prompt}: {@code string | [string] | [int] | [[int]]}. */
final class PromptReader {
  private static final String FIELD = "prompt";
  private static final String WANTED =
      "a string, an array of strings, an array of token ids, or an array of such arrays";

  private final List<PromptInput> prompts = new ArrayList<>();
  private final IntRun flat = new IntRun();
  private final int promptsMax;

  private PromptReader(int promptsMax) {
    this.promptsMax = promptsMax;
  }

  static List<PromptInput> read(FieldReader in, int promptsMax) throws IOException {
    if (in.isNull()) {
      return List.of();
    }
    if (in.isText()) {
      return List.of(new PromptInput.Text(in.text(FIELD, WANTED)));
    }
    var reader = new PromptReader(promptsMax);
    in.forEachElement(FIELD, WANTED, Integer.MAX_VALUE, reader::take);
    return reader.flat.isEmpty()
        ? reader.prompts
        : List.of(new PromptInput.Ids(reader.flat.tokens()));
  }

  private void take(FieldReader element) throws IOException {
    boolean single = element.isNumber();
    if (single ? !prompts.isEmpty() : !flat.isEmpty()) {
      throw new TributaryException(
          ErrorCode.INVALID_PARAMETER,
          "prompt mixes token ids with strings or arrays; it must be " + WANTED,
          FIELD);
    }
    if (single) {
      flat.add(element.tokenId(FIELD));
      return;
    }
    if (prompts.size() == promptsMax) {
      throw new TributaryException(
          ErrorCode.INVALID_PARAMETER,
          "prompt has more than %d prompts; send at most %d".formatted(promptsMax, promptsMax),
          FIELD);
    }
    prompts.add(
        element.isArray()
            ? new PromptInput.Ids(ids(element))
            : new PromptInput.Text(element.text(FIELD, WANTED)));
  }

  private static Tokens ids(FieldReader in) throws IOException {
    var run = new IntRun();
    in.forEachElement(FIELD, WANTED, Integer.MAX_VALUE, id -> run.add(id.tokenId(FIELD)));
    return run.tokens();
  }
}
