package users;

import io.github.mtasts.cache.PolicyStore;
import io.github.mtasts.cache.contract.PolicyStoreContract;

/** The store of a user's own does what every store does. */
class OwnStoreTest extends PolicyStoreContract {
    @Override
    protected PolicyStore open() {
        return new OwnStore();
    }
}
