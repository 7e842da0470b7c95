package tributary.cli.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Answers cut at every place. */
class StreamReaderTest {
  private static final String ANSWER =
      """
      HTTP/1.1 200 OK\r
      Content-Type: text/event-stream\r
      Transfer-Encoding: chunked\r
      \r
      40\r
      data: {"choices":[{"text":"a"}]}

      data: {"choices":[{"text":"}"}]}

      \r
      b\r
      : waiting

      \r
      30\r
      data: {"choices":[{"text":"]"}]}

      data: [DONE]

      \r
      0\r
      \r
      """;

  private static List<String> heard(int pieceBytes, String text) {
    var heard = new ArrayList<String>();
    var listener =
        new StreamReader.Listener() {
          @Override
          public void event(int number) {
            heard.add("event " + number);
          }

          @Override
          public void answerEnded(int events) {
            heard.add("ended after " + events);
          }
        };
    byte[] all = text.getBytes(StandardCharsets.UTF_8);
    var reader = new StreamReader();
    for (int from = 0; from < all.length; from += pieceBytes) {
      byte[] piece = Arrays.copyOfRange(all, from, Math.min(all.length, from + pieceBytes));
      reader.read(piece, piece.length, listener);
    }
    return heard;
  }

  @Test
  void events_are_counted_however_the_bytes_are_cut() {
    for (int pieceBytes = 1; pieceBytes <= ANSWER.length(); pieceBytes++) {
      assertThat(heard(pieceBytes, ANSWER + ANSWER))
          .containsExactly(
              "event 0",
              "event 1",
              "event 2",
              "ended after 3",
              "event 0",
              "event 1",
              "event 2",
              "ended after 3");
    }
  }

  @Test
  void a_refusal_is_no_stream() {
    assertThatThrownBy(() -> heard(100, "HTTP/1.1 503 Service Unavailable\r\n\r\n"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("503");
  }
}
