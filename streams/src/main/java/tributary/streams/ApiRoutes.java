package tributary.streams;

import akka.http.javadsl.server.AllDirectives;
import akka.http.javadsl.server.PathMatchers;
import akka.http.javadsl.server.Route;
import java.util.function.Function;
import java.util.function.Supplier;
import tributary.config.ServerConfig.Security.Scope;
import tributary.streams.tenancy.Caller;

/** The door to each path: opens to its method, and to callers who may ask. */
final class ApiRoutes extends AllDirectives {
  private final Caller caller;

  /** The doors as they stand for a caller. */
  ApiRoutes(Caller caller) {
    this.caller = caller;
  }

  /** The doors that stand open. */
  static ApiRoutes forAnybody() {
    return new ApiRoutes(Caller.NOBODY);
  }

  Route at(ApiPath at, Supplier<Route> inner) {
    return at(at, _ -> inner.get());
  }

  /** A path with a name in it, which the inner route is given. */
  Route at(ApiPath at, Function<String, Route> inner) {
    return path(
        PathMatchers.segments(),
        found ->
            at.match(found)
                .map(name ->
                    method(
                        at.method(),
                        () -> {
                          check(at);
                          return inner.apply(name);
                        }))
                .orElseGet(this::reject));
  }

  private void check(ApiPath at) {
    switch (at.access()) {
      case ANYBODY -> {}
      case ANY_KEY -> caller.requireKey();
      case USE -> caller.require(Scope.USE);
      case ADMIN -> caller.require(Scope.ADMIN);
    }
  }
}
