package tributary.actors;

import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.scheduling.TenantTerms;
import tributary.scheduling.residency.DeltaTerms;

/**
 * A variant that was registered while servers ran.
 *
 * @param versions that can be rolled back to, the oldest first; the last is served
 * @param weight its share beside other tenants
 * @param stage whether requests are taken
 */
public record Registration(
    DeltaId name, List<String> versions, DeltaTerms terms, int weight, Stage stage) {
  /** Versions that are remembered for rolling back. */
  static final int VERSIONS_MAX = 16;

  /** Whether requests are taken. */
  public enum Stage {
    SERVED,
    /** Answers under way end, new requests are refused. */
    DRAINED
  }

  public Registration {
    versions = List.copyOf(versions);
    if (versions.isEmpty() || weight < 1 || weight > TenantTerms.WEIGHT_MAX) {
      throw new TributaryException(
          ErrorCode.INVALID_PARAMETER,
          "weight is %d; it must be from 1 to %d".formatted(weight, TenantTerms.WEIGHT_MAX),
          "weight");
    }
  }

  static Registration of(DeltaId name, String version) {
    return new Registration(name, List.of(version), DeltaTerms.DEFAULT, 1, Stage.SERVED);
  }

  /** The least precision that it is served at. */
  public int floor() {
    return terms.floor();
  }

  /** Whether it is loaded before anybody asks, and never evicted. */
  public boolean pinned() {
    return terms.pinned();
  }

  /** The version that is served. */
  public String current() {
    return versions.getLast();
  }

  /** The same with a newer version; the oldest is forgotten when there are too many. */
  Registration upgraded(String version) {
    var all = new ArrayList<>(versions);
    if (!version.equals(current())) {
      all.add(version);
    }
    int first = Math.max(0, all.size() - VERSIONS_MAX);
    return new Registration(name, all.subList(first, all.size()), terms, weight, Stage.SERVED);
  }

  Registration rolledBack() {
    if (versions.size() == 1) {
      throw new TributaryException(
          ErrorCode.INVALID_REQUEST,
          "model %s has no earlier version to roll back to".formatted(name));
    }
    var earlier = versions.subList(0, versions.size() - 1);
    return new Registration(name, earlier, terms, weight, stage);
  }

  Registration agreed(DeltaTerms next, int nextWeight) {
    return new Registration(name, versions, next, nextWeight, stage);
  }

  Registration at(Stage next) {
    return new Registration(name, versions, terms, weight, next);
  }

  Properties properties() {
    var properties = new Properties();
    properties.setProperty("versions", String.join(",", versions));
    properties.setProperty("floor", Integer.toString(terms.floor()));
    properties.setProperty("pinned", Boolean.toString(terms.pinned()));
    properties.setProperty("weight", Integer.toString(weight));
    properties.setProperty("stage", stage.name());
    return properties;
  }

  static Registration of(DeltaId name, Properties properties) {
    try {
      return new Registration(
          name,
          List.of(properties.getProperty("versions", "").split(",")),
          new DeltaTerms(
              Integer.parseInt(properties.getProperty("floor", "1")),
              Boolean.parseBoolean(properties.getProperty("pinned", "false"))),
          Integer.parseInt(properties.getProperty("weight", "1")),
          Stage.valueOf(properties.getProperty("stage", Stage.SERVED.name())));
    } catch (IllegalArgumentException e) {
      throw new TributaryException(
          ErrorCode.FILE_UNREADABLE,
          "the registration of model %s is damaged (%s); register it again"
              .formatted(name, e.getMessage()),
          e);
    }
  }
}
