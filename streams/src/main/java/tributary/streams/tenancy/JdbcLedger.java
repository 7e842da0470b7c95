package tributary.streams.tenancy;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tributary.config.ServerConfig.Security;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/**
 * A ledger in a database. One thread owns the connection and takes what waits in one transaction; a
 * transaction that fails is tried once more over a new connection.
 */
final class JdbcLedger implements Ledger {
  private static final Logger LOG = LoggerFactory.getLogger(JdbcLedger.class);
  private static final int BATCH_MAX = 256;
  private static final int CLOSE_MILLIS_MAX = 10_000;
  private static final int LOGIN_SECONDS_MAX = 10;

  private static final String EMBEDDED = "jdbc:h2:file:";

  /** Commits reach the file before they return, and files are closed by their owner only. */
  private static final String EMBEDDED_SETTINGS = ";WRITE_DELAY=0;DB_CLOSE_ON_EXIT=FALSE";

  /** What an embedded database needs after a commit for it to survive a power cut. */
  private static final String FORCE_TO_DISK = "CHECKPOINT SYNC";

  /** Something to do with the database. */
  @FunctionalInterface
  private interface Work<T> {
    T run(Connection connection) throws SQLException;
  }

  /** Work, and who waits for it. Done over, it gives the same. */
  private static final class Job<T> {
    final Work<T> work;
    final CompletableFuture<T> done = new CompletableFuture<>();
    @Nullable T result;

    Job(Work<T> work) {
      this.work = work;
    }

    void run(Connection connection) throws SQLException {
      result = work.run(connection);
    }

    void complete() {
      done.complete(result);
    }
  }

  private final Security.Ledger settings;
  private final BlockingQueue<Job<?>> waiting;
  private final Thread writer;
  private volatile boolean closing;
  private @Nullable Connection connection;

  private JdbcLedger(Security.Ledger settings, Connection connection) {
    this.settings = settings;
    this.connection = connection;
    this.waiting = new ArrayBlockingQueue<>(settings.queueMax());
    this.writer = Thread.ofPlatform().name("ledger").daemon().unstarted(this::write);
  }

  /**
   * Connects, and makes the tables where there are none.
   *
   * @throws TributaryException {@code config}, when there is no such database
   */
  static JdbcLedger open(Security.Ledger settings) {
    try {
      var ledger = new JdbcLedger(settings, connect(settings));
      ledger.writer.start();
      return ledger;
    } catch (SQLException e) {
      throw new TributaryException(
          ErrorCode.CONFIG,
          "the ledger %s cannot be opened (%s); check tributary.security.ledger"
              .formatted(settings.url(), e.getMessage()),
          e);
    }
  }

  @Override
  public CompletionStage<Boolean> add(UsageEntry entry) {
    return submit(to -> {
      LedgerTables.add(to, entry);
      return true;
    });
  }

  @Override
  public CompletionStage<Boolean> add(AuditEntry entry) {
    return submit(to -> {
      LedgerTables.add(to, entry);
      return true;
    });
  }

  @Override
  public CompletionStage<List<UsageSum>> sums(Instant since) {
    return submit(from -> LedgerTables.sums(from, since));
  }

  @Override
  public CompletionStage<List<AuditEntry>> audit(int entriesMax) {
    return submit(from -> LedgerTables.audit(from, entriesMax));
  }

  @Override
  public CompletionStage<Boolean> issue(IssuedKey key) {
    return submit(to -> KeyTable.add(to, key));
  }

  @Override
  public CompletionStage<Boolean> revoke(String id, Instant at) {
    return submit(to -> KeyTable.revoke(to, id, at));
  }

  @Override
  public CompletionStage<List<IssuedKey>> keys() {
    return submit(KeyTable::all);
  }

  @Override
  public void close() {
    closing = true;
    var _ = waiting.offer(new Job<>(_ -> true)); // Wakes the writer; a full queue does so too.
    try {
      writer.join(CLOSE_MILLIS_MAX);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private <T> CompletionStage<T> submit(Work<T> work) {
    var job = new Job<>(work);
    if (closing || !waiting.offer(job)) {
      job.done.completeExceptionally(
          new TributaryException(
              ErrorCode.LEDGER_UNAVAILABLE,
              closing
                  ? "the ledger is closed: the server is shutting down"
                  : "%d entries wait for the ledger already; ask again later"
                      .formatted(settings.queueMax())));
    }
    return job.done;
  }

  private void write() {
    var batch = new ArrayList<Job<?>>(BATCH_MAX);
    try {
      while (!closing || !waiting.isEmpty()) {
        batch.clear();
        batch.add(waiting.take());
        waiting.drainTo(batch, BATCH_MAX - 1);
        carryOut(batch);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      disconnect();
    }
  }

  private void carryOut(List<Job<?>> batch) {
    for (int attempt = 1; ; attempt++) {
      try {
        Connection open = connected();
        for (Job<?> job : batch) {
          job.run(open);
        }
        open.commit();
        forceToDisk(open);
        batch.forEach(Job::complete);
        return;
      } catch (SQLException e) {
        disconnect();
        if (attempt == 2) {
          LOG.error("{} entries of the ledger could not be written", batch.size(), e);
          var refusal =
              new TributaryException(
                  ErrorCode.LEDGER_UNAVAILABLE, "the ledger cannot be reached; ask again later");
          batch.forEach(job -> job.done.completeExceptionally(refusal));
          return;
        }
      }
    }
  }

  private void forceToDisk(Connection open) throws SQLException {
    if (settings.url().startsWith(EMBEDDED)) {
      try (var statement = open.createStatement()) {
        statement.execute(FORCE_TO_DISK);
      }
    }
  }

  private Connection connected() throws SQLException {
    if (connection == null) {
      connection = connect(settings);
    }
    return connection;
  }

  private void disconnect() {
    Connection old = connection;
    connection = null;
    try {
      if (old != null) {
        old.close();
      }
    } catch (SQLException e) {
      LOG.debug("the ledger's connection was broken already", e);
    }
  }

  private static Connection connect(Security.Ledger settings) throws SQLException {
    DriverManager.setLoginTimeout(LOGIN_SECONDS_MAX);
    String url = settings.url();
    Connection connection =
        DriverManager.getConnection(
            url.startsWith(EMBEDDED) ? url + EMBEDDED_SETTINGS : url,
            settings.user(),
            settings.password());
    try {
      connection.setAutoCommit(false);
      LedgerTables.create(connection);
      KeyTable.create(connection);
      return connection;
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
  }
}
