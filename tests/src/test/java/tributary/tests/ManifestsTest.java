package tributary.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The manifests of {@code deploy} say what the server reads, and agree with themselves. */
class ManifestsTest {
  private static final Path DEPLOY = Repository.root().resolve("deploy");
  private static final Path MANIFEST = DEPLOY.resolve("kubernetes").resolve("tributary.yaml");
  private static final Pattern VARIABLE = Pattern.compile("TRIBUTARY_[A-Z_]+");
  private static final Config DEFAULTS = ConfigFactory.parseResources("reference.conf");

  @Test
  void each_role_has_a_deployment_whose_labels_and_ports_fit() throws IOException {
    Config config = config();
    var roles = new HashSet<String>();
    for (JsonNode deployment : ofKind("Deployment")) {
      JsonNode labels = deployment.at("/spec/template/metadata/labels");
      JsonNode container = deployment.at("/spec/template/spec/containers/0");
      String role = variable(container, "TRIBUTARY_CLUSTER_ROLE");
      roles.add(role);
      assertThat(labels).isEqualTo(deployment.at("/spec/selector/matchLabels"));
      assertThat(labels.get("role").asText()).isEqualTo(role);
      assertThat(labels.get("app").asText())
          .isEqualTo(variable(container, "TRIBUTARY_CLUSTER_SERVICE"));
      assertThat(port(container, "http")).isEqualTo(config.getInt("tributary.http.port"));
      assertThat(port(container, "management"))
          .isEqualTo(config.getInt("tributary.cluster.bootstrap.management-port"));
      assertThat(port(container, "cluster"))
          .isEqualTo(Integer.parseInt(variable(container, "TRIBUTARY_CLUSTER_PORT")));
    }
    assertThat(roles).containsExactlyInAnyOrder("gateway", "executor");
    assertThat(ofKind("Service").getFirst().at("/spec/selector/role").asText())
        .isEqualTo("gateway");
  }

  @Test
  void every_variable_is_one_that_the_server_reads() throws IOException {
    Set<String> documented = variables(Files.readString(reference()));
    assertThat(variables(Files.readString(MANIFEST))).isNotEmpty().isSubsetOf(documented);
  }

  @Test
  void every_setting_is_one_that_the_server_knows_and_a_stop_is_waited_for() throws IOException {
    Config config = config();
    assertThat(config.entrySet()).isNotEmpty();
    config
        .entrySet()
        .forEach(entry ->
            assertThat(DEFAULTS.hasPathOrNull(entry.getKey())).as(entry.getKey()).isTrue());
    for (JsonNode deployment : ofKind("Deployment")) {
      assertThat(deployment.at("/spec/template/spec/terminationGracePeriodSeconds").asLong())
          .as("seconds until a pod is killed, beside those in which streams may end")
          .isGreaterThan(2 * config.getDuration("tributary.http.drain-max").toSeconds());
    }
  }

  @Test
  void the_image_opens_the_ports_that_the_manifests_use() throws IOException {
    JsonNode container = ofKind("Deployment").getFirst().at("/spec/template/spec/containers/0");
    assertThat(Files.readString(DEPLOY.resolve("Dockerfile")))
        .contains(
            "EXPOSE %d %d %d"
                .formatted(
                    port(container, "http"),
                    port(container, "cluster"),
                    port(container, "management")));
  }

  /** The server's configuration in the manifests, without the keys, which are a secret. */
  private static Config config() throws IOException {
    String text = ofKind("ConfigMap").getFirst().at("/data/tributary.conf").asText();
    String withoutKeys = text.replaceFirst("(?m)^include .*$", "");
    assertThat(withoutKeys).isNotEqualTo(text);
    return ConfigFactory.parseString(withoutKeys);
  }

  private static Path reference() {
    return Repository.root().resolve("config/src/main/resources/reference.conf");
  }

  private static List<JsonNode> ofKind(String kind) throws IOException {
    var mapper = new YAMLMapper();
    var found = new ArrayList<JsonNode>();
    try (var documents = mapper.readerFor(JsonNode.class).<JsonNode>readValues(MANIFEST.toFile())) {
      documents.forEachRemaining(document -> {
        if (document.path("kind").asText().equals(kind)) {
          found.add(document);
        }
      });
    }
    assertThat(found).as(kind).isNotEmpty();
    return found;
  }

  private static int port(JsonNode container, String name) {
    for (JsonNode port : container.get("ports")) {
      if (port.get("name").asText().equals(name)) {
        return port.get("containerPort").asInt();
      }
    }
    throw new AssertionError("no port " + name);
  }

  private static String variable(JsonNode container, String name) {
    for (JsonNode variable : container.get("env")) {
      if (variable.get("name").asText().equals(name)) {
        return variable.get("value").asText();
      }
    }
    throw new AssertionError("no variable " + name);
  }

  private static Set<String> variables(String text) {
    var names = new HashSet<String>();
    VARIABLE.matcher(text).results().forEach(match -> names.add(match.group()));
    return names;
  }
}
