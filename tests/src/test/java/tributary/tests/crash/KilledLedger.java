package tributary.tests.crash;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import tributary.config.ServerConfig.Security;
import tributary.protocol.Usage;
import tributary.streams.tenancy.AuditEntry;
import tributary.streams.tenancy.IssuedKey;
import tributary.streams.tenancy.Ledger;
import tributary.streams.tenancy.Tenancy;
import tributary.streams.tenancy.UsageEntry;
import tributary.streams.tenancy.UsageSum;

/**
 * A process that writes into a ledger as it is told on its standard input, until it is killed. What
 * it says that it has done was acknowledged.
 *
 * <pre>
 * usage ID, audit ID, issue ID    done usage ID and so on, whenever it is on disk
 * state                          usage ID ANSWERS PROMPT COMPLETION, audit ID and
 *                                issue ID of each that is there, then done
 * </pre>
 */
public final class KilledLedger {
  private static final int AUDIT_MAX = 1 << 20;
  private static final int QUEUE_MAX = 10_000;

  private final Ledger ledger;
  private final PrintStream out;

  private KilledLedger(Ledger ledger, PrintStream out) {
    this.ledger = ledger;
    this.out = out;
  }

  /** Argument: JDBC address of the ledger. */
  public static void main(String[] arguments) throws IOException {
    var out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    var security = new Security(List.of(), new Security.Ledger(arguments[0], "", "", QUEUE_MAX));
    try (Tenancy tenancy = Tenancy.open(security, "127.0.0.1", InstantSource.system());
        var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      var killed = new KilledLedger(tenancy.ledger(), out);
      out.println("ready");
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        killed.obey(line, line.split(" "));
      }
    }
  }

  private void obey(String line, String[] words) {
    switch (words[0]) {
      case "usage" -> whenDone(line, ledger.add(usage(Integer.parseInt(words[1]))));
      case "audit" -> whenDone(line, ledger.add(audit(words[1])));
      case "issue" -> whenDone(line, ledger.issue(key(words[1])));
      case "state" -> state();
      default -> throw new IllegalArgumentException(line);
    }
  }

  private void whenDone(String line, CompletionStage<Boolean> stage) {
    var _ =
        stage.whenComplete((_, failure) -> {
          out.println((failure == null ? "done " : "failed ") + line);
        });
  }

  /** Of a model of its own, so that sums tell every answer. */
  private static UsageEntry usage(int id) {
    return new UsageEntry(
        "answer-" + id, "key", "m" + id, new Usage(id, 2 * id), "complete", Instant.now());
  }

  private static AuditEntry audit(String id) {
    return new AuditEntry("key", id, "register", "a detail of " + id, Instant.now());
  }

  private static IssuedKey key(String id) {
    return new IssuedKey(
        new Security.Key(
            id,
            "0".repeat(64),
            Set.of(Security.Scope.USE),
            Optional.empty(),
            Security.Quota.UNLIMITED),
        Instant.now());
  }

  private void state() {
    for (UsageSum sum : ledger.sums(Instant.EPOCH).toCompletableFuture().join()) {
      out.printf(
          "usage %s %d %d %d%n",
          sum.model().substring(1), sum.answers(), sum.promptTokens(), sum.completionTokens());
    }
    ledger
        .audit(AUDIT_MAX)
        .toCompletableFuture()
        .join()
        .forEach(entry -> out.println("audit " + entry.request()));
    ledger
        .keys()
        .toCompletableFuture()
        .join()
        .forEach(key -> out.println("issue " + key.key().id()));
    out.println("done state");
  }
}
