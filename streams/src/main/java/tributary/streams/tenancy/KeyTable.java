package tributary.streams.tenancy;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tributary.config.ServerConfig.Security;
import tributary.config.ServerConfig.Security.Scope;
import tributary.protocol.DeltaId;

/**
 * The table of issued keys, in the SQL that H2 and PostgreSQL share. Lists are texts with commas,
 * which no name holds; rows of revoked keys stay, so that an id means one key for ever.
 */
final class KeyTable {
  private static final String TABLE =
      "CREATE TABLE IF NOT EXISTS tributary_keys (id VARCHAR(128) PRIMARY KEY,"
          + " key_hash VARCHAR(64) NOT NULL, scopes VARCHAR(64) NOT NULL, models TEXT,"
          + " requests_per_minute BIGINT NOT NULL, tokens_per_minute BIGINT NOT NULL,"
          + " tokens_per_day BIGINT NOT NULL, issued_millis BIGINT NOT NULL,"
          + " revoked_millis BIGINT)";
  private static final String ADD =
      "INSERT INTO tributary_keys SELECT CAST(? AS VARCHAR(128)), CAST(? AS VARCHAR(64)),"
          + " CAST(? AS VARCHAR(64)), CAST(? AS TEXT), CAST(? AS BIGINT), CAST(? AS BIGINT),"
          + " CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(NULL AS BIGINT) WHERE NOT EXISTS"
          + " (SELECT 1 FROM tributary_keys WHERE id = ?)";
  private static final String REVOKE =
      "UPDATE tributary_keys SET revoked_millis = ? WHERE id = ? AND revoked_millis IS NULL";
  private static final String ALL =
      "SELECT id, key_hash, scopes, models, requests_per_minute, tokens_per_minute,"
          + " tokens_per_day, issued_millis FROM tributary_keys WHERE revoked_millis IS NULL"
          + " ORDER BY issued_millis, id";

  private KeyTable() {}

  static void create(Connection connection) throws SQLException {
    try (var statement = connection.createStatement()) {
      statement.execute(TABLE);
    }
    connection.commit();
  }

  static boolean add(Connection connection, IssuedKey issued) throws SQLException {
    Security.Key key = issued.key();
    try (PreparedStatement insert = connection.prepareStatement(ADD)) {
      insert.setString(1, key.id());
      insert.setString(2, key.hash());
      insert.setString(3, joined(key.scopes().stream().map(Scope::name).toList()));
      insert.setString(
          4, key.models().map(it -> joined(it.stream().map(DeltaId::name).toList())).orElse(null));
      insert.setLong(5, key.quota().requestsPerMinute());
      insert.setLong(6, key.quota().tokensPerMinute());
      insert.setLong(7, key.quota().tokensPerDay());
      insert.setLong(8, issued.at().toEpochMilli());
      insert.setString(9, key.id());
      return insert.executeUpdate() == 1;
    }
  }

  static boolean revoke(Connection connection, String id, Instant at) throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(REVOKE)) {
      update.setLong(1, at.toEpochMilli());
      update.setString(2, id);
      return update.executeUpdate() == 1;
    }
  }

  static List<IssuedKey> all(Connection connection) throws SQLException {
    var keys = new ArrayList<IssuedKey>();
    try (var query = connection.createStatement();
        ResultSet rows = query.executeQuery(ALL)) {
      while (rows.next()) {
        keys.add(new IssuedKey(key(rows), Instant.ofEpochMilli(rows.getLong(8))));
      }
    }
    return keys;
  }

  private static Security.Key key(ResultSet row) throws SQLException {
    return new Security.Key(
        row.getString(1),
        row.getString(2),
        parts(row.getString(3)).stream().map(Scope::valueOf).collect(Collectors.toSet()),
        models(row.getString(4)),
        new Security.Quota(row.getInt(5), row.getInt(6), row.getLong(7)));
  }

  private static Optional<Set<DeltaId>> models(@Nullable String names) {
    return Optional.ofNullable(names)
        .map(it -> parts(it).stream().map(DeltaId::new).collect(Collectors.toSet()));
  }

  private static String joined(List<String> parts) {
    return parts.stream().sorted().collect(Collectors.joining(","));
  }

  private static List<String> parts(String joined) {
    return Arrays.stream(joined.split(",", -1)).filter(part -> !part.isEmpty()).toList();
  }
}
