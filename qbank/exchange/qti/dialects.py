"""What the versions that the bank writes call things."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dialect:
    """One version: its namespaces, where its schemas are published, and the words its manifest uses."""

    version: str
    namespace: str
    schema: str
    manifest_namespace: str
    manifest_schema: str
    package: tuple[str, str]  # the manifest's schema and schemaversion
    item_type: str
    stimulus_type: str | None  # None where the version shares no stimulus between items
    match_correct: str
    dashed: bool = False  # 3.0 writes qti-simple-choice


QTI_2_1 = Dialect(
    version="2.1",
    namespace="http://www.imsglobal.org/xsd/imsqti_v2p1",
    schema="http://www.imsglobal.org/xsd/qti/qtiv2p1/imsqti_v2p1.xsd",
    manifest_namespace="http://www.imsglobal.org/xsd/imscp_v1p1",
    manifest_schema="http://www.imsglobal.org/xsd/qti/qtiv2p1/qtiv2p1_imscpv1p2_v1p0.xsd",
    package=("QTIv2.1 Package", "1.0.0"),
    item_type="imsqti_item_xmlv2p1",
    stimulus_type=None,
    match_correct="http://www.imsglobal.org/question/qti_v2p1/rptemplates/match_correct",
)
QTI_2_2 = Dialect(
    version="2.2",
    namespace="http://www.imsglobal.org/xsd/imsqti_v2p2",
    schema="http://www.imsglobal.org/xsd/qti/qtiv2p2/imsqti_v2p2.xsd",
    manifest_namespace="http://www.imsglobal.org/xsd/imscp_v1p1",
    manifest_schema="http://www.imsglobal.org/xsd/qti/qtiv2p2/qtiv2p2_imscpv1p2_v1p0.xsd",
    package=("QTIv2.2 Package", "1.0.0"),
    item_type="imsqti_item_xmlv2p2",
    stimulus_type="imsqti_stimulus_xmlv2p2",
    match_correct="http://www.imsglobal.org/question/qti_v2p2/rptemplates/match_correct",
)
QTI_3_0 = Dialect(
    version="3.0",
    namespace="http://www.imsglobal.org/xsd/imsqtiasi_v3p0",
    schema="https://purl.imsglobal.org/spec/qti/v3p0/schema/xsd/imsqti_asiv3p0_v1p0.xsd",
    manifest_namespace="http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1",
    manifest_schema="https://purl.imsglobal.org/spec/qti/v3p0/schema/xsd/imsqtiv3p0_imscpv1p2_v1p0.xsd",
    package=("QTI Package", "3.0.0"),
    item_type="imsqti_item_xmlv3p0",
    stimulus_type="imsqti_stimulus_xmlv3p0",
    match_correct="https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/match_correct.xml",
    dashed=True,
)
