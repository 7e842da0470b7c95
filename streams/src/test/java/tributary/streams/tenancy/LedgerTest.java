package tributary.streams.tenancy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tributary.config.ServerConfig.Security;
import tributary.config.ServerConfig.Security.Scope;
import tributary.protocol.DeltaId;
import tributary.protocol.Usage;

/** The ledger in each kind of database. */
class LedgerTest {
  private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

  @TempDir Path directory;

  @Test
  void an_embedded_ledger_keeps_what_it_was_told() {
    keepsWhatItWasTold(settings("jdbc:h2:file:" + directory.resolve("deep/ledger"), 1000));
  }

  @Test
  void a_postgresql_ledger_keeps_what_it_was_told() throws IOException {
    assumeThat(PostgresServer.runsHere()).as("there is a PostgreSQL for this machine").isTrue();
    try (var server = PostgresServer.start(directory)) {
      keepsWhatItWasTold(new Security.Ledger(server.url(), "tributary", "", 1000));
    }
  }

  @Test
  void an_entry_too_many_is_refused_and_the_others_are_written() throws Exception {
    var settings = settings("jdbc:h2:mem:full", 4);
    try (var ledger = JdbcLedger.open(settings)) {
      var stages =
          IntStream.range(0, 5000)
              .mapToObj(i -> ledger.add(entry("a" + i, "acme", 1)).toCompletableFuture())
              .toList();
      int written = 0;
      int refused = 0;
      for (CompletableFuture<Boolean> stage : stages) {
        Boolean done = stage.handle((it, failure) -> failure == null).get(20, TimeUnit.SECONDS);
        written += done ? 1 : 0;
        refused += done ? 0 : 1;
      }
      assertThat(refused).isPositive();
      assertThat(await(sumsOf(ledger)).getFirst().answers()).isEqualTo(written);
    }
  }

  @Test
  void a_database_that_is_not_there_stops_the_start() {
    assertThatThrownBy(() -> JdbcLedger.open(settings("jdbc:postgresql://127.0.0.1:1/x", 10)))
        .hasMessageContaining("jdbc:postgresql://127.0.0.1:1/x", "tributary.security.ledger");
  }

  private void keepsWhatItWasTold(Security.Ledger settings) {
    try (var ledger = JdbcLedger.open(settings)) {
      var added = new ArrayList<CompletableFuture<Boolean>>();
      for (int i = 0; i < 300; i++) {
        String key = i % 3 == 0 ? "acme" : "bolt";
        added.add(ledger.add(entry("answer-" + i, key, i)).toCompletableFuture());
        added.add(ledger.add(entry("answer-" + i, key, i)).toCompletableFuture());
      }
      ledger.add(new AuditEntry("root", "req-1", "usage", "it's", NOW));
      added.forEach(LedgerTest::await);
    }
    keepsKeys(settings);
    try (var again = JdbcLedger.open(settings)) {
      assertThat(await(sumsOf(again)))
          .containsExactly(
              new UsageSum(
                  "acme", "m", 100, 100, IntStream.range(0, 300).filter(i -> i % 3 == 0).sum()),
              new UsageSum(
                  "bolt", "m", 200, 200, IntStream.range(0, 300).filter(i -> i % 3 != 0).sum()));
      assertThat(await(again.sums(NOW.plusSeconds(1)))).isEmpty();
      assertThat(await(again.audit(10)))
          .containsExactly(new AuditEntry("root", "req-1", "usage", "it's", NOW));
    }
  }

  private static void keepsKeys(Security.Ledger settings) {
    var wide =
        new IssuedKey(
            new Security.Key(
                "wide",
                "a".repeat(64),
                Set.of(Scope.USE, Scope.ADMIN),
                Optional.empty(),
                Security.Quota.UNLIMITED),
            NOW);
    var narrow =
        new IssuedKey(
            new Security.Key(
                "narrow",
                "b".repeat(64),
                Set.of(Scope.USE),
                Optional.of(Set.of(new DeltaId("x"), new DeltaId("y"))),
                new Security.Quota(1, 2, 3_000_000_000L)),
            NOW.plusSeconds(1));
    try (var ledger = JdbcLedger.open(settings)) {
      assertThat(await(ledger.issue(wide))).isTrue();
      assertThat(await(ledger.issue(narrow))).isTrue();
      assertThat(await(ledger.issue(wide))).isFalse();
    }
    try (var again = JdbcLedger.open(settings)) {
      assertThat(await(again.keys())).containsExactly(wide, narrow);
      assertThat(await(again.revoke("wide", NOW))).isTrue();
      assertThat(await(again.revoke("wide", NOW))).isFalse();
      assertThat(await(again.issue(wide))).isFalse();
      assertThat(await(again.keys())).containsExactly(narrow);
    }
  }

  private static CompletionStage<List<UsageSum>> sumsOf(Ledger ledger) {
    return ledger.sums(Instant.EPOCH);
  }

  private static UsageEntry entry(String answer, String key, int tokens) {
    return new UsageEntry(answer, key, "m", new Usage(1, tokens), "complete", NOW);
  }

  private static Security.Ledger settings(String url, int queueMax) {
    return new Security.Ledger(url, "", "", queueMax);
  }

  private static <T> T await(CompletionStage<T> stage) {
    return stage.toCompletableFuture().orTimeout(20, TimeUnit.SECONDS).join();
  }
}
