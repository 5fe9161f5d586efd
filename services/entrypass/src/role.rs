//! Which services there are, and which of them need which.

use clap::ValueEnum;

/// A service that a process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// The public API.
    Gateway,
    /// Travellers and registrations.
    Registration,
    /// QR codes.
    Qr,
    /// Electronic passes.
    Epass,
    /// Who somebody is, as far as nobody need be asked.
    Identity,
}

/// A service with a database of its own, which others call. The gateway is neither; the identity service has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Service {
    /// Travellers and registrations.
    Registration,
    /// QR codes.
    Qr,
    /// Electronic passes.
    Epass,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Gateway, Self::Registration, Self::Qr, Self::Epass, Self::Identity];

    /// Those that others of ours call.
    pub const CALLED: [Self; 4] = [Self::Registration, Self::Qr, Self::Epass, Self::Identity];

    /// As the command line calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Registration => "registration",
            Self::Qr => "qr",
            Self::Epass => "epass",
            Self::Identity => "identity",
        }
    }

    /// Full name of the gRPC service, by which its health is asked.
    #[must_use]
    pub fn service_name(self) -> &'static str {
        match self {
            Self::Gateway => entrypass_gateway::SERVICE_NAME,
            Self::Registration => entrypass_registration::SERVICE_NAME,
            Self::Qr => entrypass_qr::SERVICE_NAME,
            Self::Epass => entrypass_epass::SERVICE_NAME,
            Self::Identity => entrypass_identity::SERVICE_NAME,
        }
    }

    /// The services that it cannot do without. The registration service asks the identity service too, and has one of its own where none is given.
    #[must_use]
    pub fn neighbours(self) -> &'static [Service] {
        match self {
            Self::Gateway => &Service::ALL,
            Self::Registration | Self::Identity => &[],
            Self::Qr | Self::Epass => &[Service::Registration],
        }
    }
}

impl Service {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Registration, Self::Qr, Self::Epass];

    /// The role that runs it.
    #[must_use]
    pub fn role(self) -> Role {
        match self {
            Self::Registration => Role::Registration,
            Self::Qr => Role::Qr,
            Self::Epass => Role::Epass,
        }
    }

    /// As the command line and the settings call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.role().name()
    }
}
