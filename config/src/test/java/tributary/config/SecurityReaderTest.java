package tributary.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tributary.config.ServerConfig.Security;
import tributary.protocol.DeltaId;
import tributary.protocol.TributaryException;

class SecurityReaderTest {
  private static final String HASH = "AB".repeat(32);

  @TempDir Path directory;

  @Test
  void keys_are_read_with_their_limits() {
    Security security =
        read(
            "{id=acme,hash=%s,scopes=[use,admin],models=[base],requests-per-minute=3,tokens-per-day=7}"
                .formatted(HASH));
    assertThat(security.keys())
        .containsExactly(
            new Security.Key(
                "acme",
                HASH.toLowerCase(Locale.ROOT),
                Set.of(Security.Scope.USE, Security.Scope.ADMIN),
                Optional.of(Set.of(new DeltaId("base"))),
                new Security.Quota(3, 0, 7)));
    assertThat(security.ledger().url())
        .startsWith("jdbc:h2:file:")
        .endsWith("tributary-data/ledger");
  }

  @Test
  void a_key_says_little_where_little_is_to_be_said() {
    assertThat(read("{id=a,hash=%s}".formatted(HASH)).keys().getFirst())
        .matches(key -> key.scopes().equals(Set.of(Security.Scope.USE)))
        .matches(key -> key.models().isEmpty())
        .matches(key -> key.quota().equals(Security.Quota.UNLIMITED));
    assertThat(read("").ledger().url()).isEmpty();
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {id=a}                                | hash
          {hash=HASH}                           | id
          {id="a b",hash=HASH}                  | keys[0].id
          {id=a,hash=abc}                       | keys[0].hash
          {id=a,hash=HASH,scopes=[root]}        | keys[0].scopes
          {id=a,hash=HASH,models=["../x"]}      | keys[0].models
          {id=a,hash=HASH,tokens-per-day=-1}    | keys[0].tokens-per-day
          {id=a,hash=HASH,secret=x}             | secret
          {id=a,hash=HASH},{id=a,hash=OTHER}    | keys[1].id
          {id=a,hash=HASH},{id=b,hash=HASH}     | keys[1].hash
          """)
  void a_bad_key_stops_the_start(String keys, String named) {
    String text = keys.replace("HASH", HASH).replace("OTHER", "cd".repeat(32));
    assertThatThrownBy(() -> read(text))
        .isInstanceOf(TributaryException.class)
        .hasMessageContaining(named);
  }

  private Security read(String keys) {
    return new ConfigText(directory)
        .load("tributary.security.keys = [ " + keys + " ]")
        .server()
        .security();
  }
}
