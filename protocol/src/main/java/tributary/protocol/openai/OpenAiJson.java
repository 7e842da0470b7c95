package tributary.protocol.openai;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;

/** Writes answers: compact, fields in the order of their records, so that bytes are stable. */
public final class OpenAiJson {
  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .enable(JsonWriteFeature.COMBINE_UNICODE_SURROGATES_IN_UTF8)
                  .build())
          .build();

  private OpenAiJson() {}

  /** UTF-8 without a line break anywhere. */
  public static byte[] bytes(Record answer) {
    try {
      return MAPPER.writeValueAsBytes(answer);
    } catch (JsonProcessingException e) {
      throw new AssertionError("an answer that cannot be written: " + answer.getClass(), e);
    }
  }
}
