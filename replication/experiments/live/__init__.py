"""What can a reader try? The networks, interventions and studies behind the live figures."""
