package tributary.tests;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * An authority of one day's life and a certificate that it gave to the nodes of a cluster, as PEM
 * files in one folder.
 */
record Certificates(Path key, Path certificate, Path authority) {
  private static final String PASSWORD = "only-for-a-test";
  private static final long KEYTOOL_SECONDS_MAX = 60;

  /** Makes them with the JDK's own keytool. */
  static Certificates in(Path folder) throws IOException, GeneralSecurityException {
    keytool(folder, "-genkeypair -alias authority -dname CN=authority -ext bc:c -keyalg RSA");
    keytool(folder, "-genkeypair -alias node -dname CN=tributary -keyalg RSA");
    keytool(folder, "-certreq -alias node -file node.csr");
    keytool(folder, "-gencert -alias authority -rfc -infile node.csr -outfile node.crt");
    keytool(folder, "-exportcert -alias authority -rfc -file authority.crt");
    var store = KeyStore.getInstance(folder.resolve("store").toFile(), PASSWORD.toCharArray());
    Key key = store.getKey("node", PASSWORD.toCharArray());
    var pem =
        "-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n"
            .formatted(
                Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(key.getEncoded()));
    return new Certificates(
        Files.writeString(folder.resolve("node.key"), pem),
        folder.resolve("node.crt"),
        folder.resolve("authority.crt"));
  }

  private static void keytool(Path folder, String arguments) throws IOException {
    var command =
        new ArrayList<>(
            List.of(Path.of(System.getProperty("java.home"), "bin", "keytool").toString()));
    command.addAll(List.of(arguments.split(" ")));
    command.addAll(List.of("-keystore", "store", "-storepass", PASSWORD, "-validity", "1"));
    if (arguments.startsWith("-certreq") || arguments.startsWith("-exportcert")) {
      command.subList(command.size() - 2, command.size()).clear();
    }
    Process process =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (!process.waitFor(KEYTOOL_SECONDS_MAX, TimeUnit.SECONDS) || process.exitValue() != 0) {
        throw new IOException(command + " said " + said);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while keytool ran", e);
    }
  }
}
