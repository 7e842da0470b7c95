package tributary.streams.tenancy;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** The ledger's tables, in the SQL that H2 and PostgreSQL share. */
final class LedgerTables {
  private static final String USAGE =
      "CREATE TABLE IF NOT EXISTS tributary_usage (answer VARCHAR(256) PRIMARY KEY,"
          + " api_key VARCHAR(128) NOT NULL, model VARCHAR(128) NOT NULL,"
          + " prompt_tokens BIGINT NOT NULL, completion_tokens BIGINT NOT NULL,"
          + " outcome VARCHAR(64) NOT NULL, at_millis BIGINT NOT NULL)";
  private static final String USAGE_INDEX =
      "CREATE INDEX IF NOT EXISTS tributary_usage_at ON tributary_usage (at_millis)";
  private static final String AUDIT =
      "CREATE TABLE IF NOT EXISTS tributary_audit (api_key VARCHAR(128) NOT NULL,"
          + " request VARCHAR(128) NOT NULL, action VARCHAR(64) NOT NULL,"
          + " detail VARCHAR(1024) NOT NULL, at_millis BIGINT NOT NULL)";

  private LedgerTables() {}

  static void create(Connection connection) throws SQLException {
    try (var statement = connection.createStatement()) {
      statement.execute(USAGE);
      statement.execute(USAGE_INDEX);
      statement.execute(AUDIT);
    }
    connection.commit();
  }

  static void add(Connection connection, UsageEntry entry) throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement(
            "INSERT INTO tributary_usage SELECT CAST(? AS VARCHAR(256)), CAST(? AS VARCHAR(128)),"
                + " CAST(? AS VARCHAR(128)), CAST(? AS BIGINT), CAST(? AS BIGINT),"
                + " CAST(? AS VARCHAR(64)), CAST(? AS BIGINT) WHERE NOT EXISTS"
                + " (SELECT 1 FROM tributary_usage WHERE answer = ?)")) {
      insert.setString(1, entry.answer());
      insert.setString(2, entry.key());
      insert.setString(3, entry.model());
      insert.setLong(4, entry.usage().promptTokens());
      insert.setLong(5, entry.usage().completionTokens());
      insert.setString(6, entry.outcome());
      insert.setLong(7, entry.at().toEpochMilli());
      insert.setString(8, entry.answer());
      insert.executeUpdate();
    }
  }

  static void add(Connection connection, AuditEntry entry) throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement("INSERT INTO tributary_audit VALUES (?, ?, ?, ?, ?)")) {
      insert.setString(1, entry.key());
      insert.setString(2, entry.request());
      insert.setString(3, entry.action());
      insert.setString(4, entry.detail());
      insert.setLong(5, entry.at().toEpochMilli());
      insert.executeUpdate();
    }
  }

  static List<UsageSum> sums(Connection connection, Instant since) throws SQLException {
    try (PreparedStatement query =
        connection.prepareStatement(
            "SELECT api_key, model, COUNT(*), SUM(prompt_tokens), SUM(completion_tokens)"
                + " FROM tributary_usage WHERE at_millis >= ?"
                + " GROUP BY api_key, model ORDER BY api_key, model")) {
      query.setLong(1, since.toEpochMilli());
      var sums = new ArrayList<UsageSum>();
      try (ResultSet rows = query.executeQuery()) {
        while (rows.next()) {
          sums.add(
              new UsageSum(
                  rows.getString(1),
                  rows.getString(2),
                  rows.getLong(3),
                  rows.getLong(4),
                  rows.getLong(5)));
        }
      }
      return sums;
    }
  }

  static List<AuditEntry> audit(Connection connection, int entriesMax) throws SQLException {
    try (PreparedStatement query =
        connection.prepareStatement(
            "SELECT api_key, request, action, detail, at_millis FROM tributary_audit"
                + " ORDER BY at_millis DESC FETCH FIRST "
                + entriesMax
                + " ROWS ONLY")) {
      var entries = new ArrayList<AuditEntry>();
      try (ResultSet rows = query.executeQuery()) {
        while (rows.next()) {
          entries.add(
              new AuditEntry(
                  rows.getString(1),
                  rows.getString(2),
                  rows.getString(3),
                  rows.getString(4),
                  Instant.ofEpochMilli(rows.getLong(5))));
        }
      }
      return entries;
    }
  }
}
