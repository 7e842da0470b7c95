package tributary.streams.tenancy;

import java.time.Instant;
import tributary.config.ServerConfig.Security;

/** A key that an admin made while the server ran; only its hash is known. */
public record IssuedKey(Security.Key key, Instant at) {}
