"""Which ways lead to a door, which do not, and what stands there for vendors."""

import pytest
from lxml import etree

from gateway.web.addresses import WAYS
from gateway.web.vendors import schemas
from tests.gateway.web.conftest import CHIANG_MAI, MINISTRY, Caller, Calling, sample

POLL = sample("cs-07-inbound-poll-request")
ORGANIZATIONS = sample("cs-12-organization-list-request")
INBOUND = "CorrespondenceLetterInboundResponse"
SUFFIX = "ecms.example.go.th"
WSDL = {
    "wsdl": "http://schemas.xmlsoap.org/wsdl/",
    "soap": "http://schemas.xmlsoap.org/wsdl/soap/",
    "xs": "http://www.w3.org/2001/XMLSchema",
}


@pytest.mark.parametrize("way", WAYS)
async def test_q_b24_each_way_below_its_own_path_leads_to_a_door(
    caller: Caller, way: str
) -> None:
    url = f"{caller.base}/ecms/{MINISTRY}{way}"

    assert (await caller.ask("POST", url, data=POLL)).payload.tag == INBOUND


@pytest.mark.parametrize("way", [way for way in WAYS if way])
async def test_q_b24_elsewhere_each_is_refused_like_an_unknown_door(
    caller: Caller, way: str
) -> None:
    """Also under a host of the right form, where no suffix was set."""
    host = {"Host": f"{MINISTRY}.{SUFFIX}"}
    for headers in ({}, host):
        url = f"{caller.base}{way}"
        answer = await caller.ask("POST", url, data=POLL, headers=headers)
        assert answer.status == 200
        assert answer.error[:2] == (INBOUND, "sender-unknown")


@pytest.mark.parametrize("way", [way for way in WAYS if way])
@pytest.mark.parametrize("host", [MINISTRY, MINISTRY[:5]])
async def test_an_organization_has_a_host_of_its_own(
    calling: Calling, way: str, host: str
) -> None:
    async with calling(host_suffix=SUFFIX) as caller:
        answer = await caller.ask(
            "POST",
            f"{caller.base}{way}",
            data=POLL,
            headers={"Host": f"{host}.{SUFFIX.upper()}:8470"},
        )

    assert answer.payload.tag == INBOUND
    assert len(answer.payload) == 0


@pytest.mark.parametrize(
    ("host", "path"),
    [
        (f"{CHIANG_MAI}.{SUFFIX}", f"/ecms/{MINISTRY}"),
        (f"x.{MINISTRY}.{SUFFIX}", "/ecms-ws01/service2"),
        (f"{MINISTRY}{SUFFIX}", "/ecms-ws01/service2"),
        (f"{MINISTRY}.{SUFFIX}.example.com", "/ecms-ws01/service2"),
        (SUFFIX, "/ecms-ws01/service2"),
        (f"9900000000.{SUFFIX}", "/ecms-ws01/service2"),
    ],
)
async def test_a_host_that_names_another_or_nobody_is_nobodys(
    calling: Calling, host: str, path: str
) -> None:
    async with calling(host_suffix=SUFFIX) as caller:
        url = f"{caller.base}{path}"
        answer = await caller.ask("POST", url, data=POLL, headers={"Host": host})

    assert answer.error[:2] == (INBOUND, "sender-unknown")


async def test_paths_stand_beside_hosts(calling: Calling) -> None:
    async with calling(host_suffix=SUFFIX) as caller:
        assert (await caller.poll(MINISTRY)).payload.tag == INBOUND
        own = {"Host": f"{MINISTRY}.{SUFFIX}"}
        url = f"{caller.base}/ecms/{MINISTRY}"
        answer = await caller.ask("POST", url, data=POLL, headers=own)
        assert answer.payload.tag == INBOUND


async def urls(caller: Caller, path: str, **headers: str) -> set[str]:
    answer = await caller.ask(
        "POST", f"{caller.base}{path}", data=ORGANIZATIONS, headers=headers
    )
    return {url.text or "" for url in etree.fromstring(answer.body).iter("ECMS-URL")}


async def test_addresses_are_told_as_their_asker_reaches_the_hub(
    calling: Calling,
) -> None:
    service = "ecms-ws01/service2"
    async with calling(host_suffix=SUFFIX) as caller:
        by_path = await urls(caller, f"/ecms/{MINISTRY}")
        by_host = await urls(caller, "/", Host=f"{MINISTRY}.{SUFFIX}:81")

    assert f"{caller.base}/ecms/{CHIANG_MAI}/{service}" in by_path
    assert f"http://{CHIANG_MAI}.{SUFFIX}:81/{service}" in by_host
    assert len(by_path) == len(by_host) == 76


async def test_a_public_url_stands_in_every_address(calling: Calling) -> None:
    async with calling(public_url="https://hub.example.go.th/") as caller:
        told = await urls(caller, f"/ecms/{MINISTRY}")
        wsdl = await caller.ask("GET", f"{caller.base}/ecms/{MINISTRY}?wsdl")

    address = f"https://hub.example.go.th/ecms/{CHIANG_MAI}/ecms-ws01/service2"
    assert address in told
    assert b'location="https://hub.example.go.th/ecms/1500200000/' in wsdl.body
    assert b'schemaLocation="https://hub.example.go.th/schemas/' in wsdl.body


async def test_the_wsdl_says_where_and_how(caller: Caller) -> None:
    url = f"{caller.base}/ecms/{MINISTRY}/ecms-ws01/service2"
    answer = await caller.ask("GET", f"{url}?wsdl")
    root = etree.fromstring(answer.body)

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/xml;charset=UTF-8"
    (address,) = root.iterfind(".//soap:address", WSDL)
    assert address.get("location") == url
    (binding,) = root.iterfind(".//soap:binding", WSDL)
    assert binding.get("style") == "document"
    assert {use.get("use") for use in root.iterfind(".//soap:body", WSDL)} == {
        "literal"
    }
    assert len(root.findall("wsdl:portType/wsdl:operation", WSDL)) == 12


async def test_every_message_of_the_wsdl_has_its_element(caller: Caller) -> None:
    """All references hold: messages of operations, and elements in the schemas."""
    answer = await caller.ask("GET", f"{caller.base}/ecms/{MINISTRY}?WSDL")
    root = etree.fromstring(answer.body)
    messages = {
        message.get("name"): message[0].get("element")
        for message in root.iterfind("wsdl:message", WSDL)
    }
    used = {
        (way.get("message") or "").removeprefix("tns:")
        for way in root.iterfind("wsdl:portType/wsdl:operation/*", WSDL)
    }
    (imported,) = root.iterfind(".//xs:import", WSDL)
    at = imported.get("schemaLocation") or ""
    name = at.rpartition("/")[2]
    declared = {
        element.get("name")
        for content in schemas().values()
        for element in etree.fromstring(content).iterfind("xs:element", WSDL)
    }

    assert used == set(messages)
    assert set(messages.values()) <= declared
    assert at == f"{caller.base}/schemas/service.xsd"
    assert (await caller.ask("GET", at)).body == schemas()[name]


async def test_the_schemas_are_listed_and_refer_to_each_other(caller: Caller) -> None:
    listing = await caller.ask("GET", f"{caller.base}/schemas/")
    names = listing.body.decode().split()

    assert "service.xsd" in names
    for name in names:
        answer = await caller.ask("GET", f"{caller.base}/schemas/{name}")
        root = etree.fromstring(answer.body)
        assert answer.headers["Content-Type"] == "text/xml;charset=UTF-8"
        for reference in root.iterfind("*[@schemaLocation]"):
            assert reference.get("schemaLocation") in names


@pytest.mark.parametrize("name", ["x.xsd", "..%2fcodes.py", "__init__.py", "%00"])
async def test_nothing_else_lies_there(caller: Caller, name: str) -> None:
    answer = await caller.ask("GET", f"{caller.base}/schemas/{name}")

    assert answer.status == 404


async def test_a_wsdl_says_nothing_of_who_takes_part(caller: Caller) -> None:
    known = await caller.ask("GET", f"{caller.base}/ecms/{MINISTRY}?wsdl")
    unknown = await caller.ask("GET", f"{caller.base}/ecms/9900000000?wsdl")
    nobodys = await caller.ask("GET", f"{caller.base}/ecms/abc?wsdl")

    assert unknown.body == known.body.replace(MINISTRY.encode(), b"9900000000")
    assert nobodys.status == 404


async def test_vendors_need_no_access(calling: Calling) -> None:
    async with calling(demo=False) as caller:
        url = f"{caller.base}/ecms/{MINISTRY}?wsdl"
        via = {"Via": "a proxy"}
        assert (await caller.ask("GET", url, headers=via)).status == 200
        assert (await caller.ask("GET", f"{caller.base}/schemas/")).status == 200
        assert (await caller.ask("GET", url.removesuffix("?wsdl"))).status == 405
