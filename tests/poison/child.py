"""The product's child for dangerous items, which knows the source of broken ones."""

from monitor.processes import isolation_child
from tests.poison import install

if __name__ == "__main__":
    install(isolation_child)
    isolation_child.main()
