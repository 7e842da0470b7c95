package tributary.streams;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import tributary.protocol.FinishReason;

/** The console's files over HTTP. */
class ConsolePagesTest {
  private static final Pattern PART =
      Pattern.compile("(?:\"|from \")(?:/console|\\.)/([a-z]+\\.(?:js|css|svg))\"");

  @Test
  void the_page_and_every_part_it_asks_for_are_served() {
    try (var server = server()) {
      var page = server.get("/");
      assertThat(page.statusCode()).isEqualTo(200);
      assertThat(page.headers().firstValue("content-security-policy"))
          .hasValueSatisfying(policy -> assertThat(policy).contains("default-src 'self'"));
      var parts = new LinkedHashSet<String>();
      addParts(page.body(), parts, server);
      assertThat(parts).contains("console.js", "console.css", "metrics.js", "mark.svg");
    }
  }

  @Test
  void nothing_else_of_the_archive_can_be_asked_for() {
    try (var server = server()) {
      for (String path : new String[] {"/console/", "/console/reference.conf", "/console/..%2f"}) {
        assertThat(server.get(path).statusCode()).as(path).isEqualTo(404);
      }
    }
  }

  private static void addParts(String text, Set<String> parts, TestServer server) {
    PART.matcher(text)
        .results()
        .map(found -> found.group(1))
        .filter(parts::add)
        .forEach(part -> {
          var answer = server.get("/console/" + part);
          assertThat(answer.statusCode()).as(part).isEqualTo(200);
          addParts(answer.body(), parts, server);
        });
  }

  private static TestServer server() {
    return TestServer.of(
        new ScriptedGeneration(
            request -> ScriptedGeneration.text(request, "four", FinishReason.LENGTH)));
  }
}
