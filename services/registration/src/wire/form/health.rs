//! Reads the health block.

use std::collections::BTreeSet;

use entrypass_proto::registration::v1 as pb;
use pb::health_declaration::{Symptom as WireSymptom, TestResult};
use time::Date;

use super::choice;
use super::reader::Reader;
use crate::form::health::{ContactNote, HealthDeclaration, Symptom, Test};
use crate::form::{date, rule};
use entrypass_rule::Rule;

/// As many as there are symptoms, "none" included. More of them must repeat one.
const MAX_SYMPTOMS: usize = 13;

impl Reader<'_> {
    /// Required where it is collected, refused where it is not.
    pub(super) fn health(&mut self, health: Option<pb::HealthDeclaration>) -> Option<HealthDeclaration> {
        if self.rules.collect_health {
            let health = self.message("form.health", health)?;
            return self.declaration(health);
        }
        if health.is_some() {
            self.broken.add("form.health", rule::not_collected());
        }
        None
    }

    fn declaration(&mut self, health: pb::HealthDeclaration) -> Option<HealthDeclaration> {
        let pb::HealthDeclaration {
            contact_with_cases,
            contact_note,
            symptoms,
            antipyretics_72h,
            test_result,
            test_date,
            temperature_decicelsius,
        } = health;
        let contact_with_cases =
            self.choice("form.health.contact_with_cases", contact_with_cases, choice::answer);
        let contact_note = self.optional("form.health.contact_note", &contact_note, ContactNote::parse);
        let symptoms = self.symptoms(&symptoms);
        let antipyretics_72h =
            self.optional_choice("form.health.antipyretics_72h", antipyretics_72h, choice::answer);
        let test = self.test(test_result, &test_date);
        let temperature_decicelsius =
            self.optional_number("form.health.temperature_decicelsius", temperature_decicelsius);
        Some(HealthDeclaration {
            contact_with_cases: contact_with_cases?,
            contact_note,
            symptoms,
            antipyretics_72h,
            test,
            temperature_decicelsius,
        })
    }

    fn symptoms(&mut self, declared: &[i32]) -> BTreeSet<Symptom> {
        let none = WireSymptom::None as i32;
        let mut symptoms = BTreeSet::new();
        if declared.is_empty() {
            self.broken.add("form.health.symptoms", Rule::required());
        }
        if declared.len() > MAX_SYMPTOMS {
            self.broken.add("form.health.symptoms", rule::list_length(MAX_SYMPTOMS));
        }
        for (place, &number) in declared.iter().enumerate().take(MAX_SYMPTOMS) {
            let field = format!("form.health.symptoms[{place}]");
            if declared.iter().take(place).any(|&earlier| earlier == number) {
                self.broken.add(field, rule::duplicate());
            } else if number != none {
                symptoms.extend(self.choice(&field, number, choice::symptom));
            } else if declared.iter().any(|&other| other != none) {
                self.broken
                    .add(field, rule::excluded("“无”不得与其他症状同时填报", "NONE excludes all others"));
            }
        }
        symptoms
    }

    fn test(&mut self, result: i32, test_date: &str) -> Option<Test> {
        let result = self.optional_choice("form.health.test_result", result, Some::<TestResult>);
        match result {
            Some(TestResult::Positive) => Some(Test::Positive { date: self.test_date(test_date)? }),
            Some(TestResult::Negative) => Some(Test::Negative { date: self.test_date(test_date)? }),
            Some(TestResult::NotTested | TestResult::Unspecified) | None => {
                let rule = rule::excluded("没有检测结果时须留空", "only with POSITIVE or NEGATIVE");
                self.absent("form.health.test_date", test_date, rule);
                (result == Some(TestResult::NotTested)).then_some(Test::NotTested)
            }
        }
    }

    fn test_date(&mut self, test_date: &str) -> Option<Date> {
        let test_date = self.date("form.health.test_date", test_date)?;
        self.note("form.health.test_date", date::broken_by_test(test_date, self.rules.today));
        Some(test_date)
    }
}
