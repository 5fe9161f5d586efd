"""Who travels. All numbers are synthetic: of places that were never allotted, or of no series in use."""

from contract import document, registration
from partner import day

LI_CARD = document.Document(type=document.DOCUMENT_TYPE_RESIDENT_ID_CARD, number="440699199006150024")
LI = dict(chinese_name="李芳", sex=document.SEX_FEMALE, birth_date="1990-06-15", nationality="CHN")

# Under 14 until 2039: somebody else has to answer for her.
CHILD_CARD = document.Document(type=document.DOCUMENT_TYPE_RESIDENT_ID_CARD, number="440699202501010066")
CHILD = dict(chinese_name="王小花", sex=document.SEX_FEMALE, birth_date="2025-01-01", nationality="CHN")

WONG_PERMIT = document.Document(
    type=document.DOCUMENT_TYPE_HK_MACAO_TAIWAN_RESIDENCE_PERMIT, number="810000190001010018"
)
WONG = dict(chinese_name="黄志强", sex=document.SEX_MALE, birth_date="1900-01-01", nationality="HKG")

DUPONT_PASSPORT = document.Document(
    type=document.DOCUMENT_TYPE_PASSPORT, number="X0000002", issuing_state="FRA"
)
DUPONT_RENEWED = document.Document(
    type=document.DOCUMENT_TYPE_PASSPORT, number="X0000003", issuing_state="FRA"
)
DUPONT = dict(
    surname="DUPONT", given_names="JEAN", sex=document.SEX_MALE, birth_date="1982-03-04", nationality="FRA"
)

NOBODY = document.Document(type=document.DOCUMENT_TYPE_TAIWAN_TRAVEL_PERMIT, number="00000000")


def form(person: dict, mobile_phone: str):
    """A complete form for somebody who enters today."""
    return registration.RegistrationForm(
        **person,
        mobile_phone=mobile_phone,
        entry=registration.Entry(
            port_of_entry="CNCAN",
            entry_date=day(),
            transport=registration.Entry.TRANSPORT_TRAIN,
            service_number="G6551",
            departure_country="HKG",
        ),
        travel_history=[registration.Stay(country="HKG", first_date=day(-40), last_date=day())],
        destination=registration.Destination(division_code="440605", address="桂城街道南海大道北1号6栋301室"),
        purpose=registration.RegistrationForm.PURPOSE_FAMILY,
        domestic_contact=registration.Contact(name="张三", phone="+8613800138000"),
        emergency_contact=registration.Contact(name="Jane Roe", phone="+447700900999"),
    )


def form_with_many_mistakes():
    """A form in which nearly everything is wrong, and nothing is wrong twice."""
    return registration.RegistrationForm(
        chinese_name="Li Fang",
        sex=document.SEX_MALE,
        birth_date="1990-06-31",
        nationality="FRA",
        mobile_phone="12345",
        entry=registration.Entry(
            port_of_entry="Canton",
            entry_date=day(90),
            transport=registration.Entry.TRANSPORT_AIR,
            service_number="6551",
            departure_country="HKK",
        ),
        destination=registration.Destination(division_code="440100", address="undecided"),
        stay_days=4000,
        domestic_contact=registration.Contact(name="张三", phone="+8613800138000"),
        emergency_contact=registration.Contact(name="张三", phone="+86139"),
        health=registration.HealthDeclaration(symptoms=[registration.HealthDeclaration.SYMPTOM_NONE]),
    )


MISTAKES = {
    ("form.chinese_name", "CHARACTER"),
    ("form.sex", "CONTRADICTS_DOCUMENT"),
    ("form.birth_date", "NOT_A_DATE"),
    ("form.nationality", "NATIONALITY_MISMATCH"),
    ("form.mobile_phone", "FORMAT"),
    ("form.entry.port_of_entry", "FORMAT"),
    ("form.entry.entry_date", "OUT_OF_RANGE"),
    ("form.entry.service_number", "FORMAT"),
    ("form.entry.departure_country", "UNKNOWN_VALUE"),
    ("form.travel_history", "REQUIRED"),
    ("form.destination.division_code", "UNKNOWN_VALUE"),
    ("form.destination.address", "FILLER_ADDRESS"),
    ("form.stay_days", "OUT_OF_RANGE"),
    ("form.purpose", "REQUIRED"),
    ("form.emergency_contact.phone", "FORMAT"),
    ("form.health", "NOT_COLLECTED"),
    ("truth_declared", "NOT_DECLARED"),
}
