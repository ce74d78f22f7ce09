from __future__ import annotations

import pytest

from lakesail_notebook.errors import FailedPrecondition
from lakesail_notebook.spark.rpcs.first_rpc import error_of_rpc
from lakesail_notebook.spark.sessions.installation import (
    check_distributions,
    check_installation,
    check_version,
    load_in_background,
)


def test_without_pyspark_it_says_what_to_install() -> None:
    with pytest.raises(FailedPrecondition, match=r'%pip install "pyspark-client>=4\.0,<4\.3"'):
        check_distributions([], importable=False)


def test_two_distributions_of_one_package_are_named_with_the_cure() -> None:
    with pytest.raises(FailedPrecondition, match=r"%pip uninstall -y pyspark pyspark-client.*restart the kernel"):
        check_distributions(["pyspark", "pyspark-client"], importable=True)


def test_a_pyspark_that_no_distribution_owns_will_do() -> None:
    check_distributions([], importable=True)


@pytest.mark.parametrize("version", ["4.0.0", "4.1.4", "4.2.0", "4.2.1.dev0"])
def test_versions_that_the_engine_takes_pass(version: str) -> None:
    check_version(version)


@pytest.mark.parametrize("version", ["3.5.6", "4.3.0", "10.0.0", "", "dev"])
def test_others_are_refused_with_the_cure(version: str) -> None:
    with pytest.raises(FailedPrecondition, match=r"4\.0, 4\.1 or 4\.2.*%pip install"):
        check_version(version)


def test_the_installed_one_passes_and_loads() -> None:
    check_installation()
    load_in_background().result(timeout=60)


@pytest.mark.parametrize("trouble", ["CERTIFICATE_VERIFY_FAILED: self signed", "WRONG_VERSION_NUMBER"])
def test_tls_trouble_is_final_and_names_the_setting(trouble: str) -> None:
    error = error_of_rpc("UNAVAILABLE", f"failed to connect; {trouble}")
    assert isinstance(error, FailedPrecondition)
    assert "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH" in error.message
