package tributary.protocol.openai;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import tributary.protocol.ErrorCode;
import tributary.protocol.Tokens;
import tributary.protocol.TributaryException;

/** Reads prompts: {@code string | [string] | [int] | [[int]]}. */
final class PromptReader {
  private static final String WANTED =
      "a string, an array of strings, an array of token ids, or an array of such arrays";

  private final List<PromptInput> prompts = new ArrayList<>();
  private final IntRun flat = new IntRun();
  private final String field;
  private final int promptsMax;

  private PromptReader(String field, int promptsMax) {
    this.field = field;
    this.promptsMax = promptsMax;
  }

  /**
   * Reads the field that is the current value.
   *
   * @param field its name, for complaints
   */
  static List<PromptInput> read(String field, FieldReader in, int promptsMax) throws IOException {
    if (in.isNull()) {
      return List.of();
    }
    if (in.isText()) {
      return List.of(new PromptInput.Text(in.text(field, WANTED)));
    }
    var reader = new PromptReader(field, promptsMax);
    in.forEachElement(field, WANTED, Integer.MAX_VALUE, reader::take);
    return reader.flat.isEmpty()
        ? reader.prompts
        : List.of(new PromptInput.Ids(reader.flat.tokens()));
  }

  private void take(FieldReader element) throws IOException {
    boolean single = element.isNumber();
    if (single ? !prompts.isEmpty() : !flat.isEmpty()) {
      throw new TributaryException(
          ErrorCode.INVALID_PARAMETER,
          field + " mixes token ids with strings or arrays; it must be " + WANTED,
          field);
    }
    if (single) {
      flat.add(element.tokenId(field));
      return;
    }
    if (prompts.size() == promptsMax) {
      throw new TributaryException(
          ErrorCode.INVALID_PARAMETER,
          "%s has more than %d elements; send at most %d".formatted(field, promptsMax, promptsMax),
          field);
    }
    prompts.add(
        element.isArray()
            ? new PromptInput.Ids(ids(element))
            : new PromptInput.Text(element.text(field, WANTED)));
  }

  private Tokens ids(FieldReader in) throws IOException {
    var run = new IntRun();
    in.forEachElement(field, WANTED, Integer.MAX_VALUE, id -> run.add(id.tokenId(field)));
    return run.tokens();
  }
}
